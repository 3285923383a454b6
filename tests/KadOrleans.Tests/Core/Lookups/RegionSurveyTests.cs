namespace KadOrleans.Tests.Core;

/// <summary>What a survey says of the k nearest is what all nodes of the network, put in order, say.</summary>
public sealed class RegionSurveyTests
{
    private const int K = 20;
    private const int Breadth = RegionSurvey.BreadthInK * K;

    [Theory]
    [InlineData(10)]
    [InlineData(45)]
    [InlineData(75)]
    [InlineData(400)]
    [InlineData(3_000)]
    public void The_k_nearest_that_a_survey_names_are_those_of_the_network(int nodes)
    {
        var (keys, known, exact) = (0, 0, 0);
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new SeededRandomSource(seed);
            var network = new SurveyedNetwork(nodes, random);
            var target = NodeId.Random(random);
            var survey = network.Survey(target);
            for (var i = 0; i < 50; i++)
            {
                // Half of them where the survey should know, half of them anywhere.
                var key = i % 2 == 0 ? target.RandomWithPrefix(survey.Depth, random) : NodeId.Random(random);
                keys++;
                if (survey.FindClosest(key, static _ => false) is { } closest)
                {
                    known++;
                    exact += network.Nearest(key).SequenceEqual(closest) ? 1 : 0;
                }
            }
        }

        Assert.InRange(known, nodes <= Breadth ? keys : keys / 5, keys);
        Assert.InRange(exact, known * 0.995, known);
    }

    /// <summary>One host has any number of ids, and answers under each.</summary>
    [Theory]
    [InlineData("8.8.8.{0}:1", 4)]
    [InlineData("127.0.0.{0}:1", 10)]
    [InlineData("203.0.113.{0}:1", 10)]
    [InlineData("8.8.{0}.1:1", 10)]
    public void Of_a_network_no_more_nodes_join_than_a_survey_asks(string form, int expected)
    {
        var random = new SeededRandomSource(1);
        var survey = new RegionSurvey(NodeId.Random(random), [], reach: null, K, AddressRangeSet.Parse(["203.0.113.0/24"]));
        foreach (var host in Enumerable.Range(1, 10))
        {
            var contact = new Contact(NodeId.Random(random), UdpEndpoint.Parse(string.Format(CultureInfo.InvariantCulture, form, host)));
            survey.Join(contact);
            survey.Join(contact);
        }

        Assert.Equal(expected, survey.Nodes.Count());
    }

    [Fact]
    public void A_node_that_has_left_is_named_no_more_and_the_next_nearest_is() => Randomized.ForSeeds(20, random =>
    {
        var network = new SurveyedNetwork(50, random);
        var key = NodeId.Random(random);
        var nearest = network.Nearest(key, K + 1);
        var survey = network.Survey(NodeId.Random(random));

        var closest = survey.FindClosest(key, endpoint => endpoint == nearest[0].Endpoint);

        Assert.Equal(nearest.Skip(1), closest);
    });

    /// <summary>All nodes are equally far away, so the paths ask in turns: each asks about each part, or the parts would be known by one path each.</summary>
    [Fact]
    public void A_survey_of_several_paths_names_the_nearest_of_nearly_every_key_that_it_covers()
    {
        var (known, named) = (0, 0);
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new SeededRandomSource(seed);
            var network = new SurveyedNetwork(1_000, random);
            var target = NodeId.Random(random);
            var lookup = network.Begin(target, Breadth);
            network.Run(lookup, underWay: 3);
            var survey = Assert.IsType<RegionSurvey>(lookup.GetSurvey());
            for (var i = 0; i < 100; i++)
            {
                var closest = survey.FindClosest(target.RandomWithPrefix(survey.Depth, random), static _ => false);
                known += closest is null ? 0 : 1;
                named += closest is { Count: > 0 } ? 1 : 0;
            }
        }

        Assert.InRange(known, 900, 2_000);
        Assert.InRange(named, known * 0.999, known);
    }

    /// <summary>Whoever leads one path astray fills no places, and nobody true loses his to another path's share.</summary>
    [Fact]
    public void A_survey_names_nobody_for_a_key_if_one_path_alone_knows_most_of_the_nearest() => Randomized.ForSeeds(20, random =>
    {
        var target = NodeId.Random(random);
        List<Candidate> nodes = [.. Enumerable.Range(0, Breadth).Select(i =>
        {
            var contact = new Contact(NodeId.Random(random), UdpEndpoint.FromIPv4(0x0B000001 + ((uint)i << 8), 1));
            return new Candidate(contact, contact.Id.DistanceTo(target), SourceNetwork.SubnetOf(contact.Endpoint), hops: 1)
            {
                State = CandidateState.Answered,
                Paths = contact.Id.CommonPrefixLength(target) == 0 ? 1u : 3u,
                AskedBy = i % 2,
                IsProved = true,
            };
        })];
        var survey = new RegionSurvey(target, nodes, reach: null, K, AddressRangeSet.Empty);
        for (var i = 0; i < 50; i++)
        {
            var key = NodeId.Random(random);
            List<Candidate> nearest = [.. nodes.OrderBy(node => node.Contact.Id.DistanceTo(key)).Take(K)];
            var expected = nearest.Count(node => node.Paths == 1) * 2 > K ? [] : nearest.Select(node => node.Contact);
            Assert.Equal(expected, survey.FindClosest(key, static _ => false));
        }
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_survey_waits_for_a_slow_node_as_it_is_used_for_an_hour(bool answers)
    {
        var random = new SeededRandomSource(3);
        var network = new SurveyedNetwork(2, random);
        var key = NodeId.Random(random);
        var nodes = network.Nearest(key);
        var survey = network.Begin(key, Breadth);
        LookupNetwork.TakeAll(survey);
        survey.OnUnresponsive(nodes[0]);
        survey.OnNodes(nodes[1], []);
        Assert.False(survey.IsDone);

        if (answers)
        {
            survey.OnNodes(nodes[0], []);
        }
        else
        {
            survey.StopWaitingForUnresponsive();
        }

        Assert.Equal(answers ? nodes : nodes.Skip(1), survey.GetSurvey()!.FindClosest(key, static _ => false));
    }

    [Fact]
    public void A_survey_costs_less_than_four_lookups()
    {
        var random = new SeededRandomSource(1);
        var network = new SurveyedNetwork(2_000, random);
        var (surveys, lookups) = (0, 0);
        for (var i = 0; i < 20; i++)
        {
            var target = NodeId.Random(random);
            surveys += network.Run(network.Begin(target, Breadth)).Asked;
            lookups += network.Run(network.Begin(target, null)).Asked;
        }

        Assert.InRange(surveys, lookups, lookups * 4);
    }

    [Fact]
    public void A_survey_among_liars_who_invent_contacts_knows_nothing()
    {
        var random = new SeededRandomSource(2);
        var target = NodeId.Random(random);
        var policy = new LookupPolicy { Breadth = Breadth };
        var seeds = Enumerable.Range(0, K).Select(i => new Contact(NodeId.Random(random), UdpEndpoint.FromIPv4(0x0B000001 + ((uint)i << 8), 1)));
        var lookup = new Lookup(NodeId.Random(random), target, LookupKind.Node, seeds.ToArray(), new KademliaOptions(), policy);
        uint address = 0x0C000000;
        var asks = 0;
        LookupNetwork.Run(lookup, _ => [.. Enumerable.Range(0, K).Select(_ =>
            new Contact(target.RandomWithPrefix(8 + (++asks / 40), random), UdpEndpoint.FromIPv4(address += 0x100, 1)))]);

        Assert.Equal(TerminationReason.RequestLimit, lookup.Reason);
        Assert.Null(lookup.GetSurvey());
    }

    /// <summary>Four of each network are asked, so it finds fewer than it was to find, and they are not the whole network.</summary>
    [Fact]
    public void A_survey_of_a_network_in_few_subnets_is_not_taken_for_all_of_it()
    {
        var random = new SeededRandomSource(4);
        var network = new SurveyedNetwork(1_000, random, subnets: 12);
        var survey = network.Begin(NodeId.Random(random), Breadth);

        Assert.InRange(network.Run(survey).Answered, 30, Breadth - 1);
        Assert.Equal(TerminationReason.Converged, survey.Reason);
        Assert.Null(survey.GetSurvey());
    }

    [Theory]
    [InlineData(10, false)]
    [InlineData(35, true)]
    public void A_survey_knows_nothing_if_most_that_it_heard_of_did_not_answer(int answering, bool isWhole)
    {
        var random = new SeededRandomSource(5);
        var network = new SurveyedNetwork(isWhole ? 50 : 400, random);
        var survey = network.Begin(NodeId.Random(random), Breadth);

        network.Run(survey, answering);

        Assert.Equal(TerminationReason.Converged, survey.Reason);
        Assert.Equal(isWhole, survey.GetSurvey() is not null);
    }

    /// <summary>Nodes with k-buckets of random others (Kademlia §2.2), who answer truly by them.</summary>
    private sealed class SurveyedNetwork
    {
        private readonly SeededRandomSource _random;
        private readonly Contact[] _nodes;
        private readonly NodeId _own;
        private readonly Dictionary<NodeId, RoutingTableSnapshot> _tables = [];

        public SurveyedNetwork(int nodes, SeededRandomSource random, int subnets = int.MaxValue)
        {
            _random = random;
            _own = NodeId.Random(random);
            _nodes = [.. Enumerable.Range(0, nodes).Select(i => new Contact(NodeId.Random(random), UdpEndpoint.FromIPv4(0x0B000001 + ((uint)(i % subnets) << 8), (ushort)(8468 + (i / subnets)))))];
        }

        public Contact[] Nearest(NodeId key, int count = K) => [.. _nodes.OrderBy(node => node.Id.DistanceTo(key)).Take(count)];

        public RegionSurvey Survey(NodeId target)
        {
            var lookup = Begin(target, Breadth);
            Run(lookup);
            return Assert.IsType<RegionSurvey>(lookup.GetSurvey());
        }

        public Lookup Begin(NodeId target, int? breadth)
        {
            var seeds = new Contact[3 * K];
            var count = TableOf(_own).FindClosest(target, seeds);
            return new Lookup(_own, target, LookupKind.Node, seeds.AsSpan(0, count), new KademliaOptions(), new LookupPolicy { Breadth = breadth });
        }

        /// <summary>Answers a lookup in the order of its requests, with some under way at a time; of those after some answers none.</summary>
        public LookupOutcome Run(Lookup lookup, int answering = int.MaxValue, int underWay = 1)
        {
            var named = new Contact[K];
            var asked = new Queue<(Contact Contact, NodeId Target)>();
            while (!lookup.IsDone)
            {
                while (asked.Count < underWay && lookup.TryNext(out var next))
                {
                    asked.Enqueue((next, lookup.QueryTargetOf(next)));
                }

                var (contact, target) = asked.Dequeue();
                if (answering-- <= 0)
                {
                    lookup.OnFailed(contact);
                    continue;
                }

                var count = TableOf(contact.Id).FindClosest(target, named, default(UdpEndpoint));
                lookup.OnNodes(contact, named.AsSpan(0, count));
            }

            return lookup.GetOutcome();
        }

        private RoutingTableSnapshot TableOf(NodeId id)
        {
            if (!_tables.TryGetValue(id, out var table))
            {
                var others = _nodes.Where(node => node.Id != id).OrderBy(_ => _random.Next(int.MaxValue));
                var kept = others.GroupBy(node => node.Id.CommonPrefixLength(id)).SelectMany(bucket => bucket.Take(K));
                _tables.Add(id, table = new RoutingTableSnapshot(id, 0, [.. kept]));
            }

            return table;
        }
    }
}
