using System.Numerics;

namespace KadOrleans.Tests.Core;

public class RoutingTablePropertyTests
{
    private static readonly NodeId Own = NodeId.FromKey("own");
    private static readonly KademliaOptions Small = new() { BucketSize = 3, ReplacementCacheSize = 4, SplitDepth = 3 };
    private static readonly SubnetLimits Limits = new() { PerBucket = 2, PerTable = 6 };

    [Fact]
    public void Every_rule_holds_after_any_observations() => Observe(runs: 15);

    [Fact]
    [Trait("Tier", "Long")]
    public void Every_rule_holds_after_any_observations_of_many_runs() => Observe(runs: 300);

    [Fact]
    public void A_decision_tells_all_that_changed() => Randomized.ForSteps(60, 300, steps =>
    {
        var table = Create(Small);
        foreach (var step in steps)
        {
            var (before, version, buckets) = (table.Snapshot.Contacts.ToHashSet(), table.Version, table.Buckets.Count);
            var waiting = table.Describe().Sum(bucket => bucket.Replacements);
            var decision = Step(table, step, Samples.Now);
            var after = table.Snapshot.Contacts.ToHashSet();
            Assert.Equal(after.Except(before).ToHashSet(), decision.Added.ToHashSet());
            Assert.Equal(before.Except(after).ToHashSet(), decision.Dropped is { } dropped ? [dropped] : []);
            var changed = !before.SetEquals(after) || buckets != table.Buckets.Count;

            // A replacement may be the one after which no more are wanted, which snapshots tell.
            Assert.True(changed == (version != table.Version) || table.Describe().Sum(bucket => bucket.Replacements) > waiting);
            Assert.True(decision.Check is not { } check || table.Contains(check));
        }
    });

    [Fact]
    public void A_restored_table_keeps_every_rule_under_other_options() => Randomized.ForSteps(60, 300, steps =>
    {
        var table = Create(Small);
        var now = Samples.Now;
        foreach (var step in steps)
        {
            now = now.AddSeconds(step % 5);
            Step(table, step / 5, now);
        }

        var same = RoutingTable.Restore(table.Save(), Small, Diversity(), now);
        Assert.Equal(table.Count, same.Count);
        Assert.Equal(table.Snapshot.Contacts, same.Snapshot.Contacts);
        Assert.Equal(table.Describe(), same.Describe());
        Assert.True(same.Version > table.Version);
        TableInvariants.AssertHold(same, Small, Limits);

        var tiny = Small with { BucketSize = 1, ReplacementCacheSize = 1, SplitDepth = 2 };
        TableInvariants.AssertHold(RoutingTable.Restore(table.Save(), tiny, Diversity(), Samples.Now), tiny, Limits);
    });

    [Fact]
    public void A_stranger_with_chosen_ids_cannot_grow_the_table_without_bound()
    {
        var options = new KademliaOptions { BucketSize = 4, SplitDepth = 3 };
        var table = Create(options);
        var random = new SeededRandomSource(5);

        // Ids that share ever longer prefixes with points of his choice, from as many addresses as he likes.
        NodeId[] points = [NodeId.MinValue, NodeId.MaxValue, Own.WithBit(0, !Own.GetBit(0)), Own.WithBit(4, !Own.GetBit(4))];
        for (var i = 0u; i < 20_000; i++)
        {
            var id = points[i % 4].RandomWithPrefix(random.Next(150), random);
            table.Apply(ContactObservation.Answered(new Contact(id, UdpEndpoint.FromIPv4(0x0A000000 + i, 1))), Samples.Now);
        }

        var foreign = table.Buckets.Where(bucket => !bucket.Range.Contains(Own)).ToList();
        Assert.All(foreign, bucket => Assert.InRange(
            bucket.Range.Depth, 1, RoundUp(bucket.Range.Prefix.CommonPrefixLength(Own) + 1, 3)));
        TableInvariants.AssertHold(table, options, Limits);

        static int RoundUp(int depth, int multiple) => (depth + multiple - 1) / multiple * multiple;
    }

    private static void Observe(int runs) => Randomized.ForSteps(runs, 300, steps =>
    {
        var table = Create(Small);
        var now = Samples.Now;
        foreach (var step in steps)
        {
            now = now.AddSeconds(step % 5);
            Step(table, step / 5, now);
            TableInvariants.AssertHold(table, Small, Limits);
        }
    });

    private static RoutingTable Create(KademliaOptions options) => new(Own, options, Diversity(), Samples.Now);

    private static SubnetDiversity Diversity() => new(Limits, AddressRangeSet.Empty);

    // Reads a number as an observation of one of 60 ids (some near our own) at one of 40 endpoints, public and private. So
    // conflicts, moves and full subnets are common.
    private static TableDecision Step(RoutingTable table, int step, DateTimeOffset now)
    {
        var (kind, who, where) = (step % 16, step / 16 % 60, step / 960 % 40);
        var id = who switch
        {
            0 => Own,
            < 25 => Own.RandomWithPrefix(who, new SeededRandomSource(who)),
            _ => NodeId.FromKey($"{who}"),
        };

        // Most of the time an id has its own endpoint; now and then it turns up at another's.
        var slot = (uint)(step / 38_400 % 4 == 0 ? where : who % 40);
        var endpoint = UdpEndpoint.FromIPv4((slot < 20 ? 0x0A000000u : 0x08080000u + (slot / 9 << 8)) + slot, slot == 39 ? (ushort)0 : (ushort)1);
        var contact = new Contact(id, endpoint);
        return table.Apply(
            kind switch
            {
                < 10 => ContactObservation.Answered(contact),
                < 15 => ContactObservation.Failed(Known(table, contact, where)),
                _ => ContactObservation.LookedUp(id),
            },
            now);
    }

    /// <summary>Failures mostly strike contacts that are there.</summary>
    private static Contact Known(RoutingTable table, Contact contact, int index) =>
        index % 4 == 0 || table.Count == 0 ? contact : table.Snapshot.Contacts[index % table.Count];
}

/// <summary>What holds of every routing table at every moment.</summary>
internal static class TableInvariants
{
    public static void AssertHold(RoutingTable table, KademliaOptions options, SubnetLimits limits)
    {
        AssertPartition(table);
        var entries = table.Buckets.SelectMany(bucket => bucket.Entries).ToList();
        var contacts = entries.ConvertAll(entry => entry.Contact);
        Assert.Equal(contacts.Count, contacts.DistinctBy(contact => contact.Id).Count());
        Assert.Equal(contacts.Count, contacts.DistinctBy(contact => contact.Endpoint).Count());
        Assert.DoesNotContain(contacts, contact => contact.Id == table.OwnId || !contact.Endpoint.IsUnicast);
        Assert.All(entries, entry => Assert.InRange(entry.Failures, 0, options.FailuresBeforeDrop - 1));
        Assert.All(table.Buckets, bucket => AssertBucket(bucket, options, limits));
        Assert.All(Public(contacts), subnet => Assert.InRange(subnet.Count(), 1, limits.PerTable));
        AssertSameEverywhere(table, contacts);
    }

    private static void AssertPartition(RoutingTable table)
    {
        // Ranges that do not overlap and whose sizes add up to the whole space leave nothing out.
        var ranges = table.Buckets.Select(bucket => bucket.Range).ToList();
        Assert.DoesNotContain(ranges.Zip(ranges.Skip(1)), pair => pair.First.Overlaps(pair.Second));
        Assert.Equal(ranges.OrderBy(range => range.Prefix), ranges);
        var covered = BigInteger.Zero;
        foreach (var range in ranges)
        {
            covered += BigInteger.One << (NodeId.BitLength - range.Depth);
        }

        Assert.Equal(BigInteger.One << NodeId.BitLength, covered);
    }

    private static void AssertBucket(KBucket bucket, KademliaOptions options, SubnetLimits limits)
    {
        Assert.InRange(bucket.Entries.Count, 0, options.BucketSize);
        Assert.All(bucket.Entries, entry => Assert.True(bucket.Range.Contains(entry.Contact.Id)));
        Assert.Equal(bucket.Entries.OrderBy(entry => entry.LastSeen), bucket.Entries);
        var waiting = bucket.Replacements.Items;
        Assert.InRange(waiting.Count, 0, options.ReplacementCacheSize);
        Assert.Equal(waiting.Count, waiting.DistinctBy(item => item.Contact.Id).Count());
        Assert.All(waiting, item => Assert.True(bucket.Range.Contains(item.Contact.Id)));
        Assert.Empty(waiting.Select(item => item.Contact).Intersect(bucket.Entries.Select(entry => entry.Contact)));
        Assert.All(
            Public(bucket.Entries.Select(entry => entry.Contact)),
            subnet => Assert.InRange(subnet.Count(), 1, limits.PerBucket));
    }

    private static void AssertSameEverywhere(RoutingTable table, List<Contact> contacts)
    {
        Assert.Equal(contacts.Count, table.Count);
        Assert.Equal(contacts.OrderBy(contact => contact.Id), table.Snapshot.Contacts);
        Assert.Equal(table.Version, table.Snapshot.Version);
        Assert.All(contacts, contact => Assert.True(
            table.Contains(contact) && table.Contains(contact.Id) && table.Contains(contact.Endpoint)));
        Assert.Equal(table.Buckets.Select(bucket => bucket.Range), table.Snapshot.Rooms.Select(room => room.Range));
        var described = table.Describe();
        Assert.Equal(table.Buckets.Select(bucket => bucket.Entries.Count), described.Select(bucket => bucket.Count));
        Assert.Equal(
            table.Buckets.Select(bucket => bucket.Replacements.Items.Count), described.Select(bucket => bucket.Replacements));
    }

    private static IEnumerable<IGrouping<SourceNetwork, Contact>> Public(IEnumerable<Contact> contacts) => contacts
        .Where(contact => !contact.Endpoint.IsPrivate)
        .GroupBy(contact => SourceNetwork.SubnetOf(contact.Endpoint));
}
