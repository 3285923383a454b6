namespace KadOrleans.Core.Values;

/// <summary>What becomes of a value that is offered to a store. Decided by <see cref="KeyShard"/>, done by its owner.</summary>
/// <param name="Result">What the caller is told.</param>
/// <param name="Held">What is held of the key from then on; null if the offer is refused and nothing changes.</param>
/// <param name="NeedsWrite">
/// Whether it has to be made durable. False for what is held already: only <see cref="StoredValue.StoredAt"/> moves, and
/// a restart that forgets this has the value republished a little early.
/// </param>
public readonly record struct StoreDecision(StoreResult Result, StoredValue? Held, bool NeedsWrite);
