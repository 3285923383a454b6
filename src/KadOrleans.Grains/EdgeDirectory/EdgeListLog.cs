using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace KadOrleans.Grains;

/// <summary>
/// The list of live edges, its version, and its last changes. The version is a sum of hashes over what the list says, so each directory that
/// lists the same edges gives it the same version, and a reader's version stays good when the directory moves.
/// </summary>
internal sealed class EdgeListLog
{
    /// <summary>The most changes that are kept: 80 KB. A reader that has missed more gets the whole list.</summary>
    public const int MaxChanges = 1_024;

    private readonly Dictionary<string, (LiveEdge Edge, ulong Hash)> _edges = [];

    // Each change: the version that it ended, and the edge's name.
    private readonly Queue<(ulong Ended, string Name)> _changes = [];

    // 0 is the version of the empty list.
    private ulong _version;

    public void Set(LiveEdge edge)
    {
        var before = _edges.GetValueOrDefault(edge.Name);
        if (before.Edge is { } known && known.IsSame(edge) && known.Observer.Equals(edge.Observer) && known.NodeIds.SequenceEqual(edge.NodeIds))
        {
            return;
        }

        var hash = HashOf(edge);
        _edges[edge.Name] = (edge, hash);
        Change(edge.Name, _version - before.Hash + hash);
    }

    public void Remove(string name)
    {
        if (_edges.Remove(name, out var removed))
        {
            Change(name, _version - removed.Hash);
        }
    }

    /// <summary>What a reader has to be told that knows a version: nothing, the changes since, or all.</summary>
    public EdgeList Since(ulong known)
    {
        if (known == _version)
        {
            return new EdgeList(_version, IsWhole: false, [], []);
        }

        return FindChanged(known) is { } changed
            ? new EdgeList(
                _version,
                IsWhole: false,
                [.. changed.Where(_edges.ContainsKey).Select(name => _edges[name].Edge)],
                [.. changed.Where(name => !_edges.ContainsKey(name))])
            : new EdgeList(_version, IsWhole: true, [.. _edges.Values.Select(entry => entry.Edge)], []);
    }

    // With the ids: the epochs of a name that was forgotten begin anew.
    private static ulong HashOf(LiveEdge edge) => BinaryPrimitives.ReadUInt64LittleEndian(
        SHA256.HashData(Encoding.UTF8.GetBytes($"{edge.Epoch}/{edge.Observer.GetGrainId()}/{string.Join(',', edge.NodeIds)}/{edge.Name}")));

    private void Change(string name, ulong next)
    {
        if (_changes.Count == MaxChanges)
        {
            _changes.Dequeue();
        }

        _changes.Enqueue((_version, name));
        _version = next;
    }

    // The edges that changed since the list last had this version. Null if that is not known any more.
    private HashSet<string>? FindChanged(ulong known)
    {
        HashSet<string>? changed = null;
        foreach (var (ended, name) in _changes)
        {
            changed = ended == known ? [] : changed;
            changed?.Add(name);
        }

        return changed;
    }
}
