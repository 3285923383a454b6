namespace KadOrleans.Node.Ports;

/// <summary>What a key store holds.</summary>
/// <param name="Keys">Keys, expired ones included until they are removed.</param>
/// <param name="Bytes">Footprint of their values in bytes.</param>
public readonly record struct KeyStoreUsage(long Keys, long Bytes);
