using KadOrleans.Core.Routing;

namespace KadOrleans.Core.Crawling;

/// <summary>
/// Learns a node's whole routing table from its responses to FIND_NODE. A response has the k contacts nearest to its target, so the walk
/// asks about ever smaller ranges of ids. It has the response to a target in one half of a range, and asks for a target in the other half.
/// The range is done under two conditions: both responses reach beyond their halves, and the second brings no new contact of the range.
/// Otherwise both halves are walked, each with the target that was asked in it. The first target is the node's own id, near which its table
/// is densest.
/// <para>
/// For nodes that name exactly the nearest, this finds all contacts: k nearest that reach beyond a half include the whole half. The second
/// condition is for nodes that answer bucket by bucket. For them a range is also divided if the response left out a known contact of it
/// that is nearer than one it has. A short response has the whole table. A bucket takes two to four requests.
/// </para>
/// </summary>
internal sealed class TableWalk
{
    /// <summary>Queries to one node, at most. A table of a network of millions takes about 150.</summary>
    public const int MaxQueries = 512;

    /// <summary>Contacts taken from one node, at most: more than a full bucket for each of 160 bits.</summary>
    public const int MaxContacts = 4_096;

    // The network's k: a response with fewer contacts, or fewer than another of the same node, is short.
    private const int UsualAnswer = 20;

    private readonly IRandomSource _random;
    private readonly NodeId? _ignoredId;
    private readonly BucketRange _region;
    private readonly Stack<Part> _ranges = new();
    private readonly HashSet<Contact> _known = [];

    // Contacts that a response left out although they would be the nearest: they left the table since they were named.
    private readonly HashSet<Contact> _gone = [];
    private NodeId _target;
    private bool _isOverfull;
    private int _fullAnswer = UsualAnswer;

    public TableWalk(NodeId nodeId, IRandomSource random, NodeId? ignoredId = null, BucketRange region = default)
    {
        (_target, _random, _ignoredId, _region) = (region.Contains(nodeId) ? nodeId : region.RandomId(random), random, ignoredId, region);
    }

    public NodeId Target => _target;

    public int Contacts => _known.Count;

    public int Queries { get; private set; }

    public bool IsDone => (Queries > 0 && _ranges.Count == 0) || _isOverfull || Queries >= MaxQueries;

    /// <summary>Whether the whole table has been named, or the part of it in the region.</summary>
    public bool IsComplete => Queries > 0 && _ranges.Count == 0 && !_isOverfull;

    /// <summary>
    /// Takes the response to <see cref="Target"/> and chooses the next target. Returns the contacts that were not named before.
    /// </summary>
    public IReadOnlyList<Contact> Take(ReadOnlySpan<Contact> contacts)
    {
        Queries++;
        var fresh = TakeFresh(contacts);
        var reach = Reach(contacts);
        _fullAnswer = Math.Max(_fullAnswer, contacts.Length);
        if (Queries == 1)
        {
            _ranges.Push(new Part(_region, _target, reach));
        }
        else
        {
            var range = _ranges.Peek().Range;
            Divide(fresh.Exists(c => range.Contains(c.Id)) || LeavesOut(contacts, range), reach);
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
            if (contact.Id == _ignoredId)
            {
                continue;
            }

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

    /// <summary>How far a response reaches: the prefix that all its contacts share with the target; 0 if it is short.</summary>
    private int Reach(ReadOnlySpan<Contact> contacts)
    {
        if (contacts.Length < _fullAnswer)
        {
            return 0;
        }

        var reach = NodeId.BitLength;
        foreach (var contact in contacts)
        {
            reach = Math.Min(reach, contact.Id.CommonPrefixLength(_target));
        }

        return reach;
    }

    /// <summary>Whether a known contact of a range is nearer to the target than one of the answer, and yet not in it.</summary>
    private bool LeavesOut(ReadOnlySpan<Contact> contacts, BucketRange range)
    {
        var (nearest, farthest) = (Distance.Zero, Distance.Zero);
        var named = new HashSet<Contact>();
        foreach (var contact in contacts)
        {
            var distance = contact.Id.DistanceTo(_target);
            nearest = named.Count == 0 || distance < nearest ? distance : nearest;
            farthest = distance > farthest ? distance : farthest;
            named.Add(contact);
        }

        var leftOut = _known.Where(c => range.Contains(c.Id) && c.Id.DistanceTo(_target) <= farthest && !named.Contains(c)).ToList();
        _gone.UnionWith(leftOut.Where(c => c.Id.DistanceTo(_target) < nearest));
        return leftOut.Exists(c => !_gone.Contains(c));
    }

    private void Divide(bool isInDoubt, int reach)
    {
        var (range, asked, askedReach) = _ranges.Pop();
        var isKnown = !isInDoubt && reach <= range.Depth && askedReach <= range.Depth;
        if (!isKnown && range.Depth + 2 < NodeId.BitLength)
        {
            _ranges.Push(new Part(HalfWith(range, asked), asked, askedReach));
            _ranges.Push(new Part(HalfWith(range, _target), _target, reach));
        }
    }

    /// <summary>A range to learn, a target in it that was asked, and how far the response reached.</summary>
    private readonly record struct Part(BucketRange Range, NodeId Asked, int Reach);
}
