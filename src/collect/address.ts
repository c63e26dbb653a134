const IPV4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
const IPV6 = /^[0-9a-f:.]{2,45}$/i;

/** Whether the text has the form of an address: of IPv4, or of IPv6 without brackets and zone. */
export const isAddress = (text: string): boolean =>
  IPV4.test(text) || (IPV6.test(text) && text.split(":").length > 2);
