using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.Storage.Sqlite;

/// <summary>All publications of the file, in memory. Many threads read; only the writer changes.</summary>
/// <param name="capacity">The most that are taken. What the file holds is loaded even beyond it.</param>
internal sealed class PublicationMemory(int capacity)
{
    // Guards _publications.
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, Publication> _publications = [];

    public int Capacity => capacity;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _publications.Count;
            }
        }
    }

    public Publication? Get(NodeId key)
    {
        lock (_gate)
        {
            return _publications.GetValueOrDefault(key);
        }
    }

    public KeyValuePair<NodeId, Publication>[] Snapshot()
    {
        lock (_gate)
        {
            return [.. _publications];
        }
    }

    /// <summary>Takes changes over: null forgets a key.</summary>
    public void Apply(IEnumerable<KeyValuePair<NodeId, Publication?>> changes)
    {
        lock (_gate)
        {
            foreach (var (key, publication) in changes)
            {
                if (publication is null)
                {
                    _publications.Remove(key);
                }
                else
                {
                    _publications[key] = publication;
                }
            }
        }
    }
}
