namespace KadOrleans.Core;

/// <summary>
/// The nodes that answered around a target, all within some distance: enough to name the k nearest of each key there without another
/// lookup. As after a lookup, they have proved their ids and answered themselves, and no network (/24 or /48) has more than its share.
/// </summary>
internal sealed class RegionSurvey
{
    /// <summary>Nodes that a survey finds, in k: with fewer it covers little more than a lookup, more cost requests that few keys share.</summary>
    public const int BreadthInK = 3;

    /// <summary>Nodes of a survey, with those that come. With more it reaches less far.</summary>
    public const int MaxNodes = Lookup.MaxRequests;

    /// <summary>Contacts of a network that a survey asks: each key gets one of them at most, as of a lookup, but not the same.</summary>
    public const int PerNetwork = 4;

    private readonly List<Candidate> _nodes;
    private Distance? _reach;
    private readonly int _bucketSize;
    private readonly AddressRangeSet _trusted;

    /// <summary>Nodes come nearest first. The reach is how far all are known; null if they are the whole network.</summary>
    public RegionSurvey(
        NodeId target, IEnumerable<Candidate> nodes, Distance? reach, int bucketSize, AddressRangeSet trusted) =>
        (Target, _nodes, _reach, _bucketSize, _trusted) = (target, [.. nodes], reach, bucketSize, trusted);

    public NodeId Target { get; }

    /// <summary>How many leading bits a key must share with the target for the survey to know about it; 0 for the whole network.</summary>
    public int Depth => _reach?.LeadingZeroBits ?? 0;

    public IEnumerable<Contact> Nodes => _nodes.Select(node => node.Contact);

    /// <summary>A node has come since, and answered. Of a network no more come than a survey asks: one host has any number of ids.</summary>
    public void Join(Contact contact)
    {
        var distance = contact.Id.DistanceTo(Target);
        if (distance >= _reach || _nodes.Exists(node => node.Contact.Endpoint == contact.Endpoint))
        {
            return;
        }

        SourceNetwork? network = contact.Endpoint.IsLocal || _trusted.Contains(contact.Endpoint) ? null : SourceNetwork.SubnetOf(contact.Endpoint);
        if (network is null || _nodes.Count(node => node.Network == network) < PerNetwork)
        {
            _nodes.Add(new Candidate(contact, distance, network, hops: 1)
            {
                State = CandidateState.Answered,

                // It answered this node itself, and was named by no path.
                Paths = uint.MaxValue,
                IsProved = true,
            });
            KeepToBound();
        }
    }

    // The farthest makes room, up to which all are known.
    private void KeepToBound()
    {
        if (_nodes.Count > MaxNodes)
        {
            var farthest = _nodes.MaxBy(node => node.Distance)!;
            _nodes.Remove(farthest);
            _reach = farthest.Distance;
        }
    }

    /// <summary>
    /// The k nearest to a key, nearest first. Null where some node that the survey has not seen may be nearer; empty where one path alone knows most of
    /// them, as it may have been led astray, and where all have left.
    /// </summary>
    /// <param name="key">Any key.</param>
    /// <param name="isLeftOut">Nodes that do not count, as they are gone.</param>
    public IReadOnlyList<Contact>? FindClosest(NodeId key, Func<UdpEndpoint, bool> isLeftOut)
    {
        var distance = key.DistanceTo(Target);
        if (distance >= _reach)
        {
            return null;
        }

        // Of an id the endpoint that was known first: whoever comes under another node's id takes no place while that one answers.
        List<Candidate> byDistance =
        [
            .. _nodes.Where(node => !isLeftOut(node.Contact.Endpoint))
                .DistinctBy(static node => node.Contact.Id)
                .Select(node => node.SeenFrom(key))
                .OrderBy(static node => node.Distance),
        ];
        var closest = ClosestContacts.TakeDiverse(byDistance, _bucketSize);
        var isKnown = _reach is not { } reach
            || (closest.Count == _bucketSize && distance.FarthestOfRange(closest[^1].Distance.LeadingZeroBits) < reach);
        return !isKnown ? null
            : ClosestContacts.AreMostlyOfOnePath(closest, byDistance) ? []
            : [.. closest.Select(node => node.Contact)];
    }
}
