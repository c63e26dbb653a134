import { createTheme } from "@mantine/core";

/** Colours and sizes are in `theme.css`; here is how components behave. Plain objects, so that nothing is loaded for them. */
export const theme = createTheme({
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    Modal: {
      defaultProps: {
        // Locking the scroll would write a style tag into the page, which the content security policy refuses.
        lockScroll: false,
        centered: true,
        closeButtonProps: { "aria-label": "Close" },
      },
    },
    Notification: { defaultProps: { closeButtonProps: { "aria-label": "Dismiss" } } },
  },
});
