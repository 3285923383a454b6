namespace KadOrleans;

/// <summary>The result of a deletion.</summary>
/// <param name="WasHeld">Whether a value was held here. An expired one counts.</param>
/// <param name="WasPublished">Whether this DHT published the key.</param>
public sealed record KeyDeletion(bool WasHeld, bool WasPublished);
