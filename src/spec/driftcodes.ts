/** Codes of what comparison finds, each with what it means. They are stable: others match on them. */
export const driftCodes = {
  "shadow.path": "Calls go to a path that is not described.",
  "shadow.method": "The path is described, the method is not.",
  "orphan.operation": "It is described, and no call was seen.",
  "zombie.operation": "It is marked deprecated, and still called.",
  "zombie.parameter": "A parameter is marked deprecated, and still sent.",
  "drift.parameter.undocumented": "A parameter is sent that is not described.",
  "drift.parameter.missing":
    "A parameter that is described as required is absent from calls that succeeded.",
  "drift.parameter.type":
    "Values of a parameter have another type, format or word than is described.",
  "drift.request.undocumented": "A body is sent where none is described.",
  "drift.request.missing":
    "A body that is described as required is absent from calls that succeeded.",
  "drift.request.media-type": "A body is sent in a media type that is not described.",
  "drift.response.status": "A status is answered that is not described.",
  "drift.response.media-type": "A response has a media type that is not described.",
  "drift.field.undocumented": "A field is there that is not described.",
  "drift.field.missing": "A field that is described as required is absent.",
  "drift.field.type": "A field has values of a type that is not described.",
  "drift.field.null": "A field is null that is not described as nullable.",
  "drift.field.format": "A field has values that are not of the described format.",
  "drift.field.value": "A field has words that the described enumeration lacks.",
  "drift.security.missing": "Calls succeed without the credentials that are described as required.",
  "drift.security.undocumented": "Calls bear credentials that are not described.",
} as const;

export type DriftCode = keyof typeof driftCodes;
