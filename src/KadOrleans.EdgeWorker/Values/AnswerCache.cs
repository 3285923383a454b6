using System.Runtime.InteropServices;
using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// Results of gets, and the pending ones. When full it evicts the oldest that was not asked for since its last turn (the clock algorithm,
/// Corbató 1968). Safe for several threads.
/// </summary>
/// <param name="maxBytes">The most bytes of results.</param>
internal sealed class AnswerCache(long maxBytes)
{
    /// <summary>The bytes of a result beside the value's content: records, array, entry. Rounded up.</summary>
    private const int Overhead = 320;

    // Guards all below.
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _order = [];
    private readonly Dictionary<NodeId, PendingAnswer> _pending = [];
    private long _bytes;
    private long _hits;

    /// <summary>The number of results found.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>The bytes of the results.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Finds the result of a get in an epoch. It may be null: the key is not held.</summary>
    public bool TryGet(NodeId key, long epoch, out StoredValue? value)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(key, out var node) && node.ValueRef.Epoch == epoch)
            {
                node.ValueRef.IsUsed = true;
                value = node.ValueRef.Value;
                _hits++;
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>The pending get of a key, or a new one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="epoch">The epoch of its shard; 0 if nothing is known of it.</param>
    /// <param name="now">The present.</param>
    /// <param name="notBefore">An older pending get is not joined.</param>
    /// <param name="isNew">Whether the caller is to ask the shard, and then to call <see cref="End"/>.</param>
    public PendingAnswer Begin(NodeId key, long epoch, long now, long notBefore, out bool isNew)
    {
        lock (_gate)
        {
            ref var pending = ref CollectionsMarshal.GetValueRefOrAddDefault(_pending, key, out _);
            isNew = pending is null || pending.BegunAt <= notBefore;
            if (isNew)
            {
                pending = new PendingAnswer(epoch, now);
            }

            return pending!;
        }
    }

    /// <summary>Ends a pending get. Its result is cached unless the key may have changed since it began.</summary>
    public void End(NodeId key, PendingAnswer ended, StoredValue? value, bool isAnswered)
    {
        lock (_gate)
        {
            if (_pending.TryGetValue(key, out var pending) && ReferenceEquals(pending, ended))
            {
                _pending.Remove(key);
                if (isAnswered && ended.Epoch != 0)
                {
                    Set(new Entry { Key = key, Value = value, Epoch = ended.Epoch });
                }
            }
        }
    }

    /// <summary>Removes the result of a key. Pending gets of it are neither joined nor cached.</summary>
    public void Remove(NodeId key)
    {
        lock (_gate)
        {
            _pending.Remove(key);
            Drop(key);
        }
    }

    private void Set(in Entry entry)
    {
        Drop(entry.Key);
        var size = SizeOf(entry);
        while (_bytes + size > maxBytes && _order.First is { } oldest)
        {
            _order.RemoveFirst();
            if (oldest.ValueRef.IsUsed)
            {
                oldest.ValueRef.IsUsed = false;
                _order.AddLast(oldest);
            }
            else
            {
                _entries.Remove(oldest.ValueRef.Key);
                _bytes -= SizeOf(oldest.ValueRef);
            }
        }

        if (_bytes + size <= maxBytes)
        {
            _entries.Add(entry.Key, _order.AddLast(entry));
            _bytes += size;
        }
    }

    private void Drop(NodeId key)
    {
        if (_entries.Remove(key, out var node))
        {
            _order.Remove(node);
            _bytes -= SizeOf(node.ValueRef);
        }
    }

    private static int SizeOf(in Entry entry) => Overhead + (entry.Value?.Value.ContentLength ?? 0);

    private struct Entry
    {
        public NodeId Key;
        public StoredValue? Value;
        public long Epoch;
        public bool IsUsed;
    }
}

/// <summary>A get that waits for its shard. Its result is the value, or the shard's failure.</summary>
/// <param name="epoch">The epoch of the shard when it began.</param>
/// <param name="begunAt">When it began.</param>
internal sealed class PendingAnswer(long epoch, long begunAt) : TaskCompletionSource<StoredValue?>
{
    public long Epoch => epoch;

    public long BegunAt => begunAt;
}
