namespace KadOrleans;

/// <summary>A watched key's value from now on.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; null if this DHT knows of none.</param>
public sealed record KeyChange(NodeId Key, DhtValue? Value);
