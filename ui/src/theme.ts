import { createTheme, Modal, Notification } from "@mantine/core";

/** Colours and sizes are in `theme.css`; here is how components behave. */
export const theme = createTheme({
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    // Locking the scroll would write a style tag into the page, which the content security policy refuses.
    Modal: Modal.extend({
      defaultProps: {
        lockScroll: false,
        centered: true,
        closeButtonProps: { "aria-label": "Close" },
      },
    }),
    Notification: Notification.extend({
      defaultProps: { closeButtonProps: { "aria-label": "Dismiss" } },
    }),
  },
});
