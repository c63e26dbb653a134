/** Prints what a URL answers. */
const answer = await fetch(process.argv[2]!);
console.log(await answer.text());
