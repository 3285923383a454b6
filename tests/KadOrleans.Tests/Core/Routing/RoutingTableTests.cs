namespace KadOrleans.Tests.Core;

public class RoutingTableTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly NodeId Own = NodeId.MinValue;

    // With b = 1 only the bucket of our own id is split, so ids that begin with a 1 bit share one bucket of three.
    private static readonly KademliaOptions Options = new() { BucketSize = 3, SplitDepth = 1, ReplacementCacheSize = 2 };

    private readonly RoutingTable _table = new(Own, Options, new SubnetDiversity(), Start);
    private int _failures;

    [Fact]
    public void An_answer_moves_a_contact_to_the_tail()
    {
        Fill();
        Answer(Peer(1), 10);
        Assert.Equal([Peer(2), Peer(3), Peer(1)], BucketContacts());
    }

    [Fact]
    public void A_newcomer_has_the_silent_head_of_a_full_bucket_checked_but_not_twice_in_a_row()
    {
        Fill();
        var late = KBucket.FreshFor.TotalSeconds;
        Assert.Null(Answer(Peer(4), late - 1).Check);
        Assert.Equal(Peer(1), Answer(Peer(4), late).Check);
        Assert.Null(Answer(Peer(5), late + 1).Check);
        Assert.Equal(Peer(1), Answer(Peer(5), late + KBucket.CheckPause.TotalSeconds).Check);
        Assert.Equal([Peer(1), Peer(2), Peer(3)], BucketContacts());
    }

    [Fact]
    public void A_contact_that_failed_is_checked_before_the_head_and_not_replaced_at_once()
    {
        Fill();
        Fail(Peer(2));
        Assert.Equal(Peer(2), Answer(Peer(4), 1).Check);
        Assert.Equal([Peer(1), Peer(2), Peer(3)], BucketContacts());
    }

    [Fact]
    public void Failures_in_a_row_drop_a_contact_and_the_newest_replacement_takes_its_place()
    {
        Fill();
        Answer(Peer(4), 1);
        Answer(Peer(5), 2);
        AssertReplaced(Drop(Peer(2)), Peer(2), Peer(5));
        Assert.Equal([Peer(1), Peer(3), Peer(5)], BucketContacts());
        Assert.Equal(default, Fail(Peer(2)));
    }

    [Fact]
    public void A_dropped_contact_leaves_at_once_and_is_not_remembered_as_a_replacement()
    {
        Fill();
        Answer(Peer(4), 1);
        AssertReplaced(_table.Apply(ContactObservation.Dropped(Peer(2)), Start), Peer(2), Peer(4));
        Answer(Peer(5), 2);
        Assert.All([Peer(5), Peer(2)], other => Assert.Equal(default, _table.Apply(ContactObservation.Dropped(other), Start)));
        Assert.Equal([Peer(1), Peer(3), Peer(4)], BucketContacts());
        Assert.Empty(Waiting());
    }

    [Fact]
    public void An_answer_between_failures_forgives_them()
    {
        Fill();
        Fail(Peer(2));
        Answer(Peer(2));
        AssertReplaced(Drop(Peer(2)), Peer(2));
    }

    [Fact]
    public void Requests_that_fail_together_count_as_one_failure_whatever_the_clock_said_before()
    {
        Fill();
        FailAt(Peer(3), Start.AddHours(2));
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(default, FailAt(Peer(2), Start.AddMilliseconds(i)));
        }

        Assert.Equal(Peer(2), FailAt(Peer(2), Start + BucketEntry.FailurePause).Dropped);
        Assert.Equal(Peer(3), FailAt(Peer(3), Start.AddSeconds(6)).Dropped);
    }

    [Fact]
    public void The_oldest_replacement_gives_way_and_a_known_one_moves_to_the_end()
    {
        Fill();
        Answer(Peer(4));
        Answer(Peer(5));
        Answer(Peer(4));
        Answer(Peer(6));
        Assert.Equal([Peer(4), Peer(6)], Waiting());
    }

    [Fact]
    public void A_known_address_stays_until_it_fails_and_then_the_other_takes_over()
    {
        Fill();
        Answer(Peer(4));
        var elsewhere = Peer(2) with { Endpoint = Peer(200).Endpoint };
        Assert.Equal(Peer(2), Answer(elsewhere, 1).Check);
        Answer(Peer(5), 2);
        Assert.True(_table.Contains(Peer(2)));
        AssertReplaced(Drop(Peer(2)), Peer(2), elsewhere);

        // A known address that answers ends the other's claim.
        Answer(Peer(1) with { Endpoint = Peer(201).Endpoint });
        Answer(Peer(1));
        AssertReplaced(Drop(Peer(1)), Peer(1), Peer(5));
    }

    [Fact]
    public void An_endpoint_that_answers_with_a_new_id_loses_the_old_one()
    {
        Fill();
        Answer(Peer(4));
        var renamed = Peer(9) with { Endpoint = Peer(2).Endpoint };
        AssertReplaced(Answer(renamed, 5), Peer(2), renamed);
        Assert.Equal([Peer(1), Peer(3), renamed], BucketContacts());
    }

    [Fact]
    public void A_renamed_endpoint_of_another_bucket_leaves_its_place_to_a_replacement()
    {
        Fill();
        Answer(Peer(4));
        var renamed = new Contact(NodeId.MinValue.WithBit(5, true), Peer(2).Endpoint);
        AssertReplaced(Answer(renamed), Peer(2), renamed, Peer(4));
    }

    [Fact]
    public void One_public_subnet_has_its_share_and_neither_enters_nor_waits_beyond_it()
    {
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal(i <= 2, Answer(PublicPeer(i)).Added.Contains(PublicPeer(i)));
        }

        Answer(Peer(4));
        Assert.Empty(Answer(PublicPeer(3)).Added);
        Assert.All(_table.Describe(), bucket => Assert.Equal(0, bucket.Replacements));
        Drop(PublicPeer(1));
        Assert.Equal([PublicPeer(3)], Answer(PublicPeer(3)).Added);
    }

    [Fact]
    public void One_that_waits_for_its_subnet_s_share_enters_when_it_answers_and_waits_no_longer()
    {
        var diversity = new SubnetDiversity(new SubnetLimits { PerTable = 1 }, AddressRangeSet.Empty);
        var table = new RoutingTable(Own, Options, diversity, Start);
        var neighbour = PublicPeer(9) with { Id = NodeId.MinValue.WithBit(159, true) };
        foreach (var contact in new[] { Peer(1), Peer(2), Peer(3), PublicPeer(4), neighbour })
        {
            table.Apply(ContactObservation.Answered(contact), Start);
        }

        Assert.All([Peer(1), neighbour], contact =>
        {
            table.Apply(ContactObservation.Failed(contact), Start);
            table.Apply(ContactObservation.Failed(contact), Start + TimeSpan.FromSeconds(5));
        });

        // Its place came free while the neighbour had the share, and the share without a place coming free.
        Assert.Equal([0, 1], table.Describe().Select(bucket => bucket.Replacements));
        Assert.Equal([PublicPeer(4)], table.Apply(ContactObservation.Answered(PublicPeer(4)), Start).Added);
        Assert.Equal([0, 0], table.Describe().Select(bucket => bucket.Replacements));
    }

    [Fact]
    public void A_split_keeps_the_time_of_the_last_lookup_and_a_lookup_counts_for_the_bucket_that_it_aims_into()
    {
        Fill();
        Answer(new Contact(NodeId.MinValue.WithBit(159, true), Peer(90).Endpoint));
        _table.Apply(ContactObservation.LookedUp(Peer(1).Id), Start.AddMinutes(1));

        Assert.Equal([Start, Start.AddMinutes(1)], _table.Describe().Select(bucket => bucket.LastLookup));
    }

    [Fact]
    public void The_snapshot_knows_which_newcomers_would_find_a_place()
    {
        Assert.True(_table.Snapshot.WouldAccept(Peer(4).Id) && _table.Snapshot.HasPlaceFor(Peer(4).Id));
        Fill();

        // The one bucket is full, but covers our own id and can be split.
        Assert.True(_table.Snapshot.WouldAccept(Peer(4).Id) && _table.Snapshot.HasPlaceFor(Peer(4).Id));
        Answer(Peer(4));

        // Full for good, but nobody else waits yet for a place in it.
        Assert.True(_table.Snapshot.WouldAccept(Peer(6).Id));
        Assert.False(_table.Snapshot.HasPlaceFor(Peer(6).Id));
        Answer(Peer(5));
        Assert.False(_table.Snapshot.WouldAccept(Peer(6).Id));
        Assert.True(_table.Snapshot.WouldAccept(NodeId.MinValue.WithBit(159, true)));
        var sent = new RoutingTableSnapshot(Own, 1, [.. _table.Snapshot.Contacts], [.. _table.Snapshot.Rooms]);
        Assert.False(sent.WouldAccept(Peer(6).Id) || sent.HasPlaceFor(Peer(6).Id));
        Assert.True(sent.WouldAccept(NodeId.MinValue.WithBit(159, true)) && sent.HasPlaceFor(NodeId.MinValue.WithBit(159, true)));
        Assert.False(sent.WouldAccept(Own) || sent.HasPlaceFor(Own));
    }

    /// <summary>A contact whose id begins with a 1 bit, at a private address.</summary>
    private static Contact Peer(int number) => new(
        NodeId.MaxValue.RandomWithPrefix(1, new SeededRandomSource(number)),
        UdpEndpoint.FromIPv4(0x0A000000 + (uint)number, 8468));

    private static Contact PublicPeer(int number) =>
        Peer(number) with { Endpoint = UdpEndpoint.FromIPv4(0x08080800 + (uint)number, 8468) };

    private TableDecision Answer(Contact contact, double seconds = 0) =>
        _table.Apply(ContactObservation.Answered(contact), Start.AddSeconds(seconds));

    private TableDecision Fail(Contact contact) => FailAt(contact, Start + (++_failures * BucketEntry.FailurePause));

    private TableDecision Drop(Contact contact)
    {
        Assert.Equal(default, Fail(contact));
        return Fail(contact);
    }

    private TableDecision FailAt(Contact contact, DateTimeOffset time) => _table.Apply(ContactObservation.Failed(contact), time);

    private void Fill()
    {
        for (var i = 1; i <= Options.BucketSize; i++)
        {
            Assert.Equal([Peer(i)], Answer(Peer(i)).Added);
        }
    }

    private static void AssertReplaced(TableDecision decision, Contact dropped, params Contact[] added)
    {
        Assert.Equal(dropped, decision.Dropped);
        Assert.Equal(added, decision.Added);
    }

    private IEnumerable<Contact> Waiting() => _table.Buckets[^1].Replacements.Items.Select(item => item.Contact);

    private IEnumerable<Contact> BucketContacts() => _table.Buckets[^1].Entries.Select(entry => entry.Contact);
}

public class RoutingTableVectorTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Buckets_split_as_recorded_where_no_rule_differs()
    {
        var vectors = VectorFile.Read<TableVector>("routing-tables.json").Where(vector => vector.Name is "r3" or "r4").ToList();
        Assert.Equal(2, vectors.Count);
        foreach (var vector in vectors)
        {
            var options = new KademliaOptions { BucketSize = vector.BucketSize };
            var table = new RoutingTable(NodeId.Parse(vector.OwnId), options, new SubnetDiversity(), Start);
            foreach (var peer in Enumerable.Range(0, vector.PeerIds.Count).Select(vector.Peer))
            {
                table.Apply(ContactObservation.Answered(peer), Start);
            }

            Assert.Equal(
                vector.Buckets.Select(bucket => string.Join(' ', bucket.Nodes.Select(vector.Peer))),
                table.Buckets.Select(bucket => string.Join(' ', bucket.Entries.Select(entry => entry.Contact))));
            Assert.Equal(
                vector.Buckets.Select(bucket => string.Join(' ', bucket.Replacements.Select(vector.Peer))),
                table.Buckets.Select(bucket => string.Join(' ', bucket.Replacements.Items.Select(item => item.Contact))));
        }
    }
}
