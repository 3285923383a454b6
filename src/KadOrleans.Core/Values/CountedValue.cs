namespace KadOrleans.Core.Values;

/// <summary>A value that is held, and where <see cref="StoreAccounts"/> counts it.</summary>
/// <param name="Value">The value.</param>
/// <param name="Slot">What <see cref="StoreAccounts.Add(NodeId, StoredValue)"/> returned for it.</param>
public readonly record struct CountedValue(StoredValue Value, int Slot);

/// <summary>A key that has to go so that another one has room.</summary>
/// <param name="Key">The key.</param>
/// <param name="IsFar">Whether the node is not responsible for it.</param>
public readonly record struct EvictedKey(NodeId Key, bool IsFar);
