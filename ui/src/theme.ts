import { createTheme, Modal, Tooltip } from "@mantine/core";

/** Colours and sizes are in `theme.css`; here is how components behave. */
export const theme = createTheme({
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    // Locking the scroll would write a style tag into the page, which the content security policy refuses.
    Modal: Modal.extend({ defaultProps: { lockScroll: false, centered: true } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: true } }),
  },
});
