using KadOrleans.Core.Routing;

namespace KadOrleans.Core.Crawling;

/// <summary>
/// Learns a node's whole routing table from its answers to FIND_NODE. An answer has the k contacts nearest to its
/// target, so the walk asks about ever smaller ranges of ids. Of a range it knows the answer to a target in one half,
/// and asks for one in the other: if that brings no new contact of the range, the range is done; else both halves are
/// walked, each with the target that was asked in it. The first target is the node's own id, near which its table is
/// densest. This asks about two questions for each bucket, and needs neither k, nor that the nearest are named exactly.
/// </summary>
internal sealed class TableWalk
{
    /// <summary>Questions to one node, at most. A table of a network of millions takes about 150.</summary>
    public const int MaxQuestions = 512;

    /// <summary>Contacts taken from one node, at most: more than a full bucket for each of 160 bits.</summary>
    public const int MaxContacts = 4_096;

    private readonly IRandomSource _random;
    private readonly Stack<(BucketRange Range, NodeId Asked)> _ranges = new();
    private readonly HashSet<Contact> _known = [];
    private NodeId _target;
    private bool _isFirst = true;
    private bool _isOverfull;

    public TableWalk(NodeId nodeId, IRandomSource random)
    {
        (_target, _random) = (nodeId, random);
        _ranges.Push((BucketRange.Whole, nodeId));
    }

    /// <summary>What to ask for now.</summary>
    public NodeId Target => _target;

    /// <summary>Contacts named so far.</summary>
    public int Contacts => _known.Count;

    /// <summary>Answers so far.</summary>
    public int Questions { get; private set; }

    /// <summary>Whether there is nothing more to ask.</summary>
    public bool IsDone => _ranges.Count == 0 || _isOverfull || Questions >= MaxQuestions;

    /// <summary>Whether the whole table has been named.</summary>
    public bool IsComplete => _ranges.Count == 0;

    /// <summary>Takes the answer to <see cref="Target"/> and chooses the next target.</summary>
    /// <returns>The contacts of the answer that were not named before.</returns>
    public IReadOnlyList<Contact> Take(ReadOnlySpan<Contact> contacts)
    {
        Questions++;
        var fresh = TakeFresh(contacts);
        if (_isFirst)
        {
            _isFirst = false;
        }
        else
        {
            Divide(fresh);
        }

        if (_ranges.TryPeek(out var next) && !IsDone)
        {
            _target = OtherHalf(next.Range, next.Asked).RandomId(_random);
        }

        return fresh;
    }

    private static BucketRange HalfWith(BucketRange range, NodeId id) => new(id, range.Depth + 1);

    private static BucketRange OtherHalf(BucketRange range, NodeId id) =>
        new(id.WithBit(range.Depth, !id.GetBit(range.Depth)), range.Depth + 1);

    private List<Contact> TakeFresh(ReadOnlySpan<Contact> contacts)
    {
        var fresh = new List<Contact>();
        foreach (var contact in contacts)
        {
            if (_known.Count >= MaxContacts)
            {
                _isOverfull = true;
            }
            else if (_known.Add(contact))
            {
                fresh.Add(contact);
            }
        }

        return fresh;
    }

    private void Divide(List<Contact> fresh)
    {
        var (range, asked) = _ranges.Pop();
        if (fresh.Exists(c => range.Contains(c.Id)) && range.Depth + 1 < NodeId.BitLength)
        {
            _ranges.Push((HalfWith(range, asked), asked));
            _ranges.Push((HalfWith(range, _target), _target));
        }
    }
}
