namespace KadOrleans.Core;

// Learns a node's whole routing table from its responses to FIND_NODE. A response has the k contacts nearest to its target, so
// the walk asks about ever smaller ranges. It has the response to a target in one half, and asks for one in the other. The range
// is done if both responses reach beyond their halves and the second brings no new contact of the range. Otherwise both halves
// are walked. The first target is the node's own id, near which its table is densest. For nodes that name exactly the nearest
// this finds all: k nearest that reach beyond a half include the whole half. Other nodes answer bucket by bucket. For them a
// range is also divided if the response left out a known contact of it that is nearer than one it has. A short response has the
// whole table. A bucket takes two to four requests.
internal sealed class TableWalk
{
    /// <summary>A table of a network of millions takes about 150.</summary>
    public const int MaxQueries = 512;

    public const int MaxContacts = 4_096;

    // The network's k. A response with fewer contacts, or fewer than another of the node, is short.
    private const int UsualAnswer = 20;

    private readonly IRandomSource _random;
    private readonly NodeId? _ignoredId;
    private readonly BucketRange _region;
    private readonly Stack<Part> _ranges = new();
    private readonly HashSet<Contact> _known = [];

    // Left out by a response that they would be nearest in: they left the table since they were named.
    private readonly HashSet<Contact> _gone = [];
    private NodeId _target;
    private bool _isOverfull;
    private int _fullAnswer = UsualAnswer;

    public TableWalk(NodeId nodeId, IRandomSource random, NodeId? ignoredId = null, BucketRange region = default) =>
        (_target, _random, _ignoredId, _region) = (region.Contains(nodeId) ? nodeId : region.RandomId(random), random, ignoredId, region);

    public NodeId Target => _target;

    public int Contacts => _known.Count;

    public int Queries { get; private set; }

    public bool IsDone => (Queries > 0 && _ranges.Count == 0) || _isOverfull || Queries >= MaxQueries;

    public bool IsComplete => Queries > 0 && _ranges.Count == 0 && !_isOverfull;

    /// <summary>Adds the response to <see cref="Target"/>. Returns the contacts that were not named before.</summary>
    public IReadOnlyList<Contact> Add(ReadOnlySpan<Contact> contacts)
    {
        Queries++;
        var fresh = AddNew(contacts);
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

    private List<Contact> AddNew(ReadOnlySpan<Contact> contacts)
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

    /// <summary>The prefix that all contacts share with the target; 0 if the response is short.</summary>
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

    /// <summary>Whether a known contact of a range is nearer to the target than one of the response, and not in it.</summary>
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

    private readonly record struct Part(BucketRange Range, NodeId Asked, int Reach);
}
