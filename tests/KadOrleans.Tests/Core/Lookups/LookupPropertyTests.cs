namespace KadOrleans.Tests.Core;

/// <summary>Whatever a network answers, in whatever order: a lookup ends, and within its bounds.</summary>
public sealed class LookupPropertyTests
{
    [Fact]
    public void A_lookup_always_ends_within_its_bounds() => PlaySeeds(500);

    [Fact]
    [Trait("Tier", "Long")]
    public void A_lookup_of_any_of_many_seeds_ends_within_its_bounds() => PlaySeeds(5_000);

    [Fact]
    public void A_network_of_liars_that_invent_nearer_contacts_is_left_at_the_request_limit()
    {
        var random = new SeededRandomSource(3);
        var target = NodeId.Random(random);
        var seed = new Contact(NodeId.Random(random), UdpEndpoint.FromIPv4(0x0B000001, 1));
        var lookup = new Lookup(NodeId.Random(random), target, LookupKind.Node, [seed], new KademliaOptions());
        uint address = 0x0C000000;
        var asks = 0;
        while (lookup.TryNext(out var asked))
        {
            // Each answer's contacts share a bit more of the target than those two answers before.
            var depth = 8 + (++asks / 2);
            lookup.OnNodes(asked, [.. Enumerable.Range(0, 20).Select(_ =>
                new Contact(target.RandomWithPrefix(depth, random), UdpEndpoint.FromIPv4(address += 0x100, 1)))]);
        }

        Assert.Equal(Lookup.MaxRequests, lookup.GetOutcome().Asked);
        Assert.Equal(TerminationReason.RequestLimit, lookup.Reason);
    }

    private static void PlaySeeds(int count) => Randomized.ForSeeds(count, random => new Play(random).Run());

    private sealed class Play
    {
        private readonly SeededRandomSource _random;
        private readonly KademliaOptions _options;
        private readonly NodeId _own;
        private readonly Lookup _lookup;
        private readonly List<Contact> _pending = [];
        private readonly List<Contact> _slow = [];
        private uint _addresses = 0x0B000000;

        public Play(SeededRandomSource random)
        {
            _random = random;
            _options = new KademliaOptions { BucketSize = 1 + _random.Next(20), LookupConcurrency = 1 + _random.Next(8), DisjointPaths = 1 + _random.Next(Lookup.Quorum) };
            _own = NodeId.Random(_random);
            var kind = _random.Next(2) == 0 ? LookupKind.Node : LookupKind.Value;
            _lookup = new Lookup(_own, NodeId.Random(_random), kind, Contacts(_random.Next(30)), _options);
        }

        public void Run()
        {
            var steps = 0;
            while (!_lookup.IsDone)
            {
                Assert.InRange(++steps, 0, Lookup.MaxRequests * 6);
                while (_lookup.TryNext(out var contact))
                {
                    Assert.NotEqual(_own, contact.Id);
                    _pending.Add(contact);
                    Assert.InRange(_pending.Count, 1, Math.Max(_options.LookupConcurrency, Lookup.Quorum));
                }

                if (!_lookup.IsDone)
                {
                    Step();
                }
            }

            Check(_lookup.GetOutcome());
        }

        private void Step()
        {
            var from = _pending.Count > 0 && (_slow.Count == 0 || _random.Next(3) > 0) ? _pending : _slow;
            Assert.NotEmpty(from);
            var contact = from[_random.Next(from.Count)];
            from.Remove(contact);
            switch (_random.Next(from == _pending ? 10 : 8))
            {
                case < 4:
                    _lookup.OnNodes(contact, Contacts(_random.Next(25)));
                    break;
                case < 5 when _lookup.Kind == LookupKind.Value:
                    _lookup.OnValue(contact, DhtValue.FromInteger(_random.Next(2)));
                    break;
                case < 8:
                    _lookup.OnFailed(contact);
                    break;
                default:
                    _lookup.OnUnresponsive(contact);
                    _slow.Add(contact);
                    break;
            }
        }

        private void Check(LookupOutcome outcome)
        {
            Assert.InRange(outcome.Asked, 0, Lookup.MaxRequests);
            Assert.InRange(outcome.Closest.Count, 0, _options.BucketSize);
            Assert.True(outcome.Answered + outcome.Failed <= outcome.Asked);
            Assert.Equal(outcome.Closest.OrderBy(c => c.Id.DistanceTo(_lookup.Target)), outcome.Closest);
            Assert.Equal(outcome.Reason == TerminationReason.ValueFound, outcome.Value is not null);
            Assert.Equal(outcome.Answered == 0, outcome.Closest.Count == 0);
        }

        private Contact[] Contacts(int count) => [.. Enumerable.Range(0, count).Select(_ =>
            new Contact(NodeId.Random(_random), UdpEndpoint.FromIPv4(_addresses += 0x100, 8468)))];
    }
}
