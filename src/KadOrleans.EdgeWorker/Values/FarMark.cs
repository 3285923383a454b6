using System.Runtime.CompilerServices;
using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// Says of each value on its way to a shard whether the node id that took it is responsible for the key. Shards know no node
/// ids. Safe for several threads.
/// </summary>
internal sealed class FarMark
{
    // A reference, so that it is read and written whole.
    private volatile StrongBox<ResponsibleArea> _area = new(ResponsibleArea.Everywhere);

    public void SetArea(ResponsibleArea area) => _area = new StrongBox<ResponsibleArea>(area);

    public StoredValue Apply(NodeId key, StoredValue value) => _area.Value.Contains(key) ? value : value with { IsFar = true };
}
