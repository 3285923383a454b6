using KadOrleans.Core;

namespace KadOrleans.Grains.Values;

/// <summary>What memory knows of a stored page; its values are in the shard.</summary>
/// <param name="Slot">Which of the page records it is.</param>
/// <param name="Fold">The fold that wrote it.</param>
/// <param name="ETag">Of the record.</param>
/// <param name="Keys">The keys that it says something of.</param>
/// <param name="Bytes">The length of its entries.</param>
internal sealed record ShardPage(int Slot, long Fold, string? ETag, NodeId[] Keys, int Bytes);
