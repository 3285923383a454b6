namespace KadOrleans.Tests.Core;

public sealed class SurveyedRegionsTests
{
    private const int K = 20;

    private readonly SeededRandomSource _random = new(46);
    private readonly SurveyedRegions _regions = new();
    private readonly NodeId _key;

    public SurveyedRegionsTests() => _key = NodeId.Random(_random);

    [Fact]
    public void Who_comes_under_the_ids_of_others_takes_no_place_while_they_answer()
    {
        var nodes = Survey(60);
        var clones = nodes.ConvertAll(node => node with { Endpoint = Endpoint(0x0C000001u, nodes.IndexOf(node)) });
        clones.ForEach(_regions.Join);
        var nearest = nodes.OrderBy(node => node.Id.DistanceTo(_key)).Take(K).ToList();

        Assert.Equal(nearest, Find());

        // A node that has another address since does.
        _regions.Leave(nearest[0].Endpoint, TimeSpan.Zero);
        Assert.Equal([clones[nodes.IndexOf(nearest[0])], .. nearest.Skip(1)], Find());
    }

    [Fact]
    public void A_network_of_ever_new_ids_keeps_no_newcomer_from_a_survey()
    {
        var nodes = Survey(60);
        for (var i = 0; i < 1_000; i++)
        {
            _regions.Join(new Contact(NodeId.Random(_random), UdpEndpoint.FromIPv4(0x0C000001, (ushort)(1_000 + i))));
        }

        var newcomer = new Contact(_key.RandomWithPrefix(40, _random), Endpoint(0x0D000001u, 0));
        _regions.Join(newcomer);

        Assert.Equal(newcomer, Find()![0]);
        Assert.InRange(Find()!.Except(nodes).Count(), 1, 2);
    }

    /// <summary>A network that grows from fewer than a survey finds to many while the survey is used: what it does not know is surveyed anew.</summary>
    [Fact]
    public void A_survey_of_more_than_it_holds_knows_the_nearest_of_fewer_keys_and_names_none_wrongly()
    {
        var nodes = Survey(40);
        for (var i = nodes.Count; i < 6 * RegionSurvey.MaxNodes; i++)
        {
            nodes.Add(new Contact(NodeId.Random(_random), Endpoint(0x0C000001u, i)));
            _regions.Join(nodes[^1]);
        }

        Assert.InRange(_regions.Depth ?? 0, 1, 4);
        var known = 0;
        for (var i = 0; i < 1_000; i++)
        {
            var key = NodeId.Random(_random);
            if (_regions.FindClosest(key, TimeSpan.Zero) is { } closest)
            {
                known++;
                Assert.Equal(nodes.OrderBy(node => node.Id.DistanceTo(key)).Take(K), closest);
            }
        }

        // About a sixth of the nodes, less what is at the border.
        Assert.InRange(known, 30, 200);
    }

    [Fact]
    public void Whoever_was_silent_is_asked_again_after_ten_minutes_and_no_more_than_so_many_are_remembered()
    {
        var nodes = Survey(60);
        var nearest = Find()!;
        _regions.Leave(nearest[0].Endpoint, TimeSpan.Zero);
        Assert.DoesNotContain(nearest[0], Find()!);
        Assert.DoesNotContain(nearest[0], _regions.FindClosest(_key, SurveyedRegions.Absence - TimeSpan.FromTicks(1))!);
        Assert.Contains(nearest[0], _regions.FindClosest(_key, SurveyedRegions.Absence)!);

        for (var i = 0; i < 3 * SurveyedRegions.MostGone; i++)
        {
            // Those that come and leave, too.
            _regions.Leave(Endpoint(0x0C000001u, i), SurveyedRegions.Absence);
            _regions.Leave(nodes[0].Endpoint, SurveyedRegions.Absence);
            _regions.Join(nodes[0]);
        }

        Assert.InRange(_regions.Gone, 1, SurveyedRegions.MostGone);
        _regions.Leave(Endpoint(0x0C000001u, 0), 2 * SurveyedRegions.Absence);
        Assert.Equal(1, _regions.Gone);
    }

    [Fact]
    public void Contacts_that_do_not_get_a_value_are_replaced_by_the_next_and_stay()
    {
        Survey(60);
        var nearest = Find()!;

        var others = _regions.FindClosest(_key, TimeSpan.Zero, [nearest[3], nearest[5]])!;

        Assert.Equal(K, others.Count);
        Assert.Equal(nearest.Where((_, i) => i is not (3 or 5)), others.Take(K - 2));
        Assert.Equal(nearest, Find());
    }

    [Fact]
    public void The_depth_of_a_survey_is_forgotten_with_it()
    {
        Survey(60, sharedBits: 30);
        Assert.InRange(_regions.Depth ?? 0, 30, 160);
        Assert.Null(_regions.FindClosest(_key, SurveyedRegions.Life));
        Assert.Null(_regions.Depth);
    }

    [Fact]
    public void A_range_of_which_a_survey_told_nothing_is_surveyed_again_after_the_time_that_was_said()
    {
        var other = _key.WithBit(0, !_key.GetBit(0));
        _regions.AddUnknown(new BucketRange(_key, 4), TimeSpan.Zero, SurveyedRegions.UnknownFor);
        _regions.AddUnknown(new BucketRange(other, 4), TimeSpan.Zero, SurveyedRegions.Absence);
        var moment = TimeSpan.FromTicks(1);

        Assert.Equal((true, true), Unknown(SurveyedRegions.Absence - moment));
        Assert.Equal((true, false), Unknown(SurveyedRegions.Absence));
        Assert.Equal((true, false), Unknown(SurveyedRegions.UnknownFor - moment));
        Assert.Equal((false, false), Unknown(SurveyedRegions.UnknownFor));

        (bool Of, bool Other) Unknown(TimeSpan at) => (_regions.IsUnknown(_key, at), _regions.IsUnknown(other, at));
    }

    private IReadOnlyList<Contact>? Find() => _regions.FindClosest(_key, TimeSpan.Zero);

    // Of the whole network, or of what shares some bits with the key.
    private List<Contact> Survey(int count, int sharedBits = 0)
    {
        List<Contact> nodes = [.. Enumerable.Range(0, count).Select(i => new Contact(_key.RandomWithPrefix(sharedBits, _random), Endpoint(0x0B000001u, i)))];
        Distance? reach = sharedBits == 0 ? null : nodes.Max(node => node.Id.DistanceTo(_key));
        var candidates = nodes.OrderBy(node => node.Id.DistanceTo(_key)).Select(node => new Candidate(node, node.Id.DistanceTo(_key), SourceNetwork.SubnetOf(node.Endpoint), hops: 1)
        {
            State = CandidateState.Answered,
            Paths = 1,
            IsProved = true,
        });
        _regions.Add(new RegionSurvey(_key, candidates, reach, K, AddressRangeSet.Empty), TimeSpan.Zero);
        return nodes;
    }

    private static UdpEndpoint Endpoint(uint first, int number) => UdpEndpoint.FromIPv4(first + ((uint)number << 8), 8468);
}
