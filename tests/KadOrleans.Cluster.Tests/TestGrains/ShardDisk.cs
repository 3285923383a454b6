using System.Collections.Concurrent;
using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Cluster.Tests.TestGrains;

public sealed class ShardDisk
{
    public ConcurrentDictionary<NodeId, StoredValue> Values { get; } = new();
}
