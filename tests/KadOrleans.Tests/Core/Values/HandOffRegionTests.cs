namespace KadOrleans.Tests.Core;

public sealed class HandOffRegionTests
{
    private const int BucketSize = 4;

    [Fact]
    public void A_newcomers_region_has_the_keys_to_which_no_other_contact_is_nearer() => Check((random, table, newcomer) =>
    {
        var region = HandOffRule.GetRegion(table, newcomer);
        return KeysNear(table, random).TrueForAll(key =>
            region.Contains(key) == table.Contacts.Where(contact => contact.Id != newcomer)
                .All(contact => table.OwnId.DistanceTo(key) < contact.Id.DistanceTo(key)));
    });

    [Fact]
    public void The_region_of_all_newcomers_has_the_keys_of_each() => Check((random, table, _) =>
    {
        var all = HandOffRule.GetRegion(table);
        var each = table.Contacts.Select(contact => HandOffRule.GetRegion(table, contact.Id)).ToList();
        return KeysNear(table, random).TrueForAll(key => all.Contains(key) || !each.Exists(region => region.Contains(key)));
    });

    [Fact]
    public void The_rule_applies_to_no_key_outside_the_region_and_to_none_of_a_newcomer_to_whom_it_may_not_apply() => Check((random, table, newcomer) =>
    {
        var region = HandOffRule.GetRegion(table, newcomer);
        var mayApply = HandOffRule.MayApply(table, newcomer, BucketSize);
        return KeysNear(table, random).TrueForAll(key =>
        {
            var nearest = table.Contacts.OrderBy(contact => contact.Id.DistanceTo(key)).Take(BucketSize).ToList();
            var applies = nearest.Exists(contact => contact.Id == newcomer)
                && nearest.TrueForAll(contact => contact.Id == newcomer || table.OwnId.DistanceTo(key) < contact.Id.DistanceTo(key));
            return !applies || (mayApply && region.Contains(key));
        });
    });

    [Fact]
    public void One_pass_gives_each_newcomer_the_keys_of_which_no_other_that_has_them_is_nearer() => Check((random, table, newcomer) =>
    {
        var oneOf = 1 + random.Next(5);
        Contact[] newcomers = [.. table.Contacts.Where(contact => contact.Id == newcomer || random.Next(oneOf) == 0)];
        Contact[] recent = [.. table.Contacts.Where(_ => random.Next(oneOf) == 0)];
        var plan = new HandOffPlan(table, newcomers, recent, BucketSize);
        var keys = KeysNear(table, random);
        keys.ForEach(plan.Consider);
        var found = plan.Found.ToDictionary(one => one.Newcomer, one => one.Keys);
        HashSet<Contact> lackKeys = [.. newcomers, .. recent];
        if (lackKeys.Count > table.Count / 2)
        {
            lackKeys.Clear();
        }

        return newcomers.All(contact => (found.GetValueOrDefault(contact) ?? []).SequenceEqual(keys.Where(key => IsHandedTo(contact, key))));

        bool IsHandedTo(Contact contact, NodeId key)
        {
            var nearer = table.Contacts.Where(other => other != contact && other.Id.DistanceTo(key) < table.OwnId.DistanceTo(key)).ToList();
            return nearer.Count <= HandOffPlan.MostInTheWay
                && nearer.TrueForAll(lackKeys.Contains)
                && table.Contacts.OrderBy(other => other.Id.DistanceTo(key)).Take(BucketSize).Contains(contact);
        }
    });

    [Fact]
    public void Those_who_alone_are_nearer_are_in_the_way_of_what_a_plan_without_them_finds() => Check((random, table, newcomer) =>
    {
        table.TryGet(newcomer, out var only);
        var keys = KeysNear(table, random);
        var inTheWay = Plan(table).InTheWay;
        return table.Contacts.Where(contact => contact != only)
            .All(left => inTheWay.Contains(left) == keys.Exists(key => IsWaitedFor(left, key)));

        HandOffPlan Plan(RoutingTableSnapshot contacts)
        {
            var plan = new HandOffPlan(contacts, [only], [], BucketSize);
            keys.ForEach(plan.Consider);
            return plan;
        }

        bool IsWaitedFor(Contact left, NodeId key)
        {
            Contact[] nearer = [.. table.Contacts.Where(contact => contact != only && contact.Id.DistanceTo(key) < table.OwnId.DistanceTo(key))];
            return nearer.Contains(left)
                && nearer.Length <= HandOffPlan.MostInTheWay
                && table.Contacts.OrderBy(contact => contact.Id.DistanceTo(key)).Take(BucketSize).Contains(only)
                && Plan(Without(table, nearer)).Found.Any(found => found.Keys.Contains(key));
        }
    });

    [Fact]
    public void With_a_fifth_of_the_contacts_gone_a_newcomer_gets_what_it_is_among_the_k_nearest_of()
    {
        const int K = 20;
        var random = new SeededRandomSource(17);
        var (wanted, found) = (0, 0);
        for (var i = 0; i < 1_000; i++)
        {
            var table = DrawTable(random, 200, ranged: false);
            var newcomer = table.Contacts[random.Next(table.Count)];
            var live = table.Contacts.Where(contact => contact == newcomer || random.Next(5) > 0).ToArray();
            foreach (var key in KeysNear(table, random).Where(key => IsNearest(key, table) && BelongsOn(newcomer, key, live)))
            {
                var plan = new HandOffPlan(table, [newcomer], [], HandOffRule.GetReach(K));
                plan.Consider(key);
                wanted++;
                found += plan.Found.Count();
            }
        }

        Assert.InRange(wanted, 100, int.MaxValue);
        Assert.InRange(found / (double)wanted, 0.99, 1);

        static bool IsNearest(NodeId key, RoutingTableSnapshot table) =>
            table.Contacts.All(contact => table.OwnId.DistanceTo(key) < contact.Id.DistanceTo(key));

        static bool BelongsOn(Contact newcomer, NodeId key, Contact[] live) =>
            live.Count(contact => contact.Id.DistanceTo(key) <= newcomer.Id.DistanceTo(key)) <= K;
    }

    [Fact]
    public void In_a_network_of_a_thousand_most_newcomers_get_nothing_from_a_node()
    {
        var random = new SeededRandomSource(15);
        var table = DrawTable(random, 1_000, ranged: false);

        var concerned = table.Contacts.Count(contact => HandOffRule.MayApply(table, contact.Id, BucketSize));

        Assert.InRange(concerned, 1, 50);
    }

    [Fact]
    public void A_region_overlaps_a_range_if_a_key_is_in_both() => Randomized.ForSeeds(100, random =>
    {
        var mask = NodeId.MinValue;
        for (var i = 0; i < 16; i++)
        {
            mask = mask.WithBit(i, random.Next(3) == 0);
        }

        var region = new KeyRegion(NodeId.Random(random), mask);
        var range = new BucketRange(NodeId.Random(random), random.Next(13));

        // Of the range, the key that has the region's bits behind the prefix: if it is not in the region, none is.
        var key = range.Prefix;
        for (var i = range.Depth; i < NodeId.BitLength; i++)
        {
            key = key.WithBit(i, region.Bits.GetBit(i));
        }

        Assert.Equal(region.Contains(key), region.Overlaps(range));
        Assert.True(region.Range.Contains(region.Bits));
    });

    private static void Check(Func<SeededRandomSource, RoutingTableSnapshot, NodeId, bool> holds) =>
        Randomized.ForSeeds(100, random =>
        {
            var table = DrawTable(random, 1 + random.Next(60), ranged: random.Next(2) == 0);
            Assert.True(holds(random, table, table.Contacts[random.Next(table.Count)].Id));
        });

    private static RoutingTableSnapshot Without(RoutingTableSnapshot table, Contact[] left) =>
        new(table.OwnId, table.Version, [.. table.Contacts.Where(contact => !left.Contains(contact))]);

    // Contacts anywhere, or as a table has them: as many near this node as far from it.
    private static RoutingTableSnapshot DrawTable(SeededRandomSource random, int contacts, bool ranged)
    {
        var own = NodeId.Random(random);
        var ids = Enumerable.Range(0, contacts)
            .Select(_ => ranged ? own.RandomWithPrefix(random.Next(12), random) : NodeId.Random(random))
            .Where(id => id != own)
            .Distinct();
        return new RoutingTableSnapshot(own, 1, RandomNetwork.Contacts(ids));
    }

    private static List<NodeId> KeysNear(RoutingTableSnapshot table, SeededRandomSource random) =>
        [.. Enumerable.Range(0, 40).Select(i => table.OwnId.RandomWithPrefix(i % 14, random))];
}
