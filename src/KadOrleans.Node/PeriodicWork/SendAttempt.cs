namespace KadOrleans.Node;

/// <summary>A value that upkeep sent or was to send, and what became of it.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Value">The value.</param>
/// <param name="Publication">The key's publication when it began. Null if there was none.</param>
/// <param name="Holders">To whom it went, or was to go: what has replaced it goes to them, too.</param>
internal sealed record SendAttempt(SendOutcome Outcome, DhtValue Value, Publication? Publication, LookupOutcome Holders);
