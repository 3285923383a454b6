namespace KadOrleans.Tests.Core;

public sealed class FormerContactsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly FormerContacts _former = new(new SubnetDiversity());

    [Fact]
    public void A_contact_is_asked_a_minute_after_it_was_lost_and_ever_less_often()
    {
        Lose(1);
        Assert.Empty(TakeAt(0));
        var asked = Enumerable.Range(1, 24 * 60).Where(minute => TakeAt(minute) is [_]).ToList();
        Assert.Equal([1, 2, 3], asked.Take(3));
        Assert.InRange(asked.Count(minute => minute <= 60), 40, 60);
        Assert.InRange(asked.Count, 100, 180);
        var last = asked[^1] - asked[^2];
        Assert.InRange(last, 40, 46);
    }

    [Fact]
    public void After_a_cut_of_an_hour_a_contact_is_asked_within_two_minutes_of_its_end()
    {
        Lose(1);
        var asked = Enumerable.Range(1, 70).Where(minute => TakeAt(minute) is [_]).ToList();
        Assert.InRange(asked.First(minute => minute > 60), 61, 62);
    }

    [Fact]
    public void One_a_minute_is_asked_in_turn_and_as_many_as_wanted_if_the_table_is_empty()
    {
        for (var i = 0; i < 30; i++)
        {
            Lose(i);
        }

        Assert.Equal(30, Enumerable.Range(1, 30).SelectMany(minute => TakeAt(minute)).Distinct().Count());
        Assert.Equal(20, _former.Take(20, contacts: 0, Start + (31 * Minute)).Due.Count);

        // Within the minute none, however often they are asked for.
        Assert.Empty(_former.Take(20, contacts: 0, Start + (31.5 * Minute)).Due);
        Assert.Equal(20, _former.Take(20, contacts: 0, Start + (32 * Minute)).Due.Count);
    }

    [Fact]
    public void What_was_lost_lately_is_asked_more_often_than_the_dead_of_a_day_ago()
    {
        for (var i = 0; i < 60; i++)
        {
            Lose(i, lostAt: Start - TimeSpan.FromDays(1));
        }

        // They have been asked since then.
        for (var minute = -24 * 60; minute < 0; minute++)
        {
            TakeAt(minute);
        }

        for (var i = 60; i < 70; i++)
        {
            Lose(i);
        }

        var recent = Enumerable.Range(0, 60).SelectMany(minute => TakeAt(minute)).Count(contact => NumberOf(contact) >= 60);
        Assert.InRange(recent, 30, 60);
    }

    [Fact]
    public void One_that_answers_is_former_no_more_whatever_its_id_and_says_how_long_it_was_apart()
    {
        Lose(1, lastSeen: Start - Minute);
        Lose(2, lastSeen: Start - (5 * Minute));
        _former.Answered(Contact(1).Endpoint, Start);
        Assert.Equal((1, Start - Minute), Known(1));
        _former.Answered(Contact(3).Endpoint, Start);
        _former.Answered(Contact(2).Endpoint, Start);
        Assert.Equal((0, Start - (5 * Minute)), Known(2));
        Assert.Equal((0, null), Known(3));

        (int, DateTimeOffset?) Known(int minute)
        {
            var news = _former.Take(20, contacts: 1, Start + (minute * Minute));
            return (_former.Count, news.ApartSince);
        }
    }

    [Fact]
    public void When_one_is_back_the_others_are_asked_in_bursts_as_long_as_some_answer()
    {
        for (var i = 0; i < 80; i++)
        {
            Lose(i);
        }

        var now = Start + (10 * Minute);
        var first = Assert.Single(TakeAt(10));
        _former.Answered(first.Endpoint, now);
        var burst = TakeAt(10);
        Assert.Equal(20, burst.Count);
        Assert.DoesNotContain(first, burst);
        _former.Answered(burst[0].Endpoint, now);
        Assert.Equal(20, TakeAt(10).Except(burst).Count());

        // Nobody of that burst answers, nor of the next ones: one that comes back every few minutes brings about fewer and fewer.
        var comes = Contact(200);
        var bursts = new List<int>();
        for (var minute = 11; minute < 11 + (8 * 60); minute += 3)
        {
            now = Start + (minute * Minute);
            _former.Add(new SavedContact(comes, now, 0), now);
            _former.Answered(comes.Endpoint, now);
            if (TakeAt(minute).Count > 1)
            {
                bursts.Add(minute);
            }
        }

        Assert.InRange(bursts.Count, 8, 13);
        Assert.True(bursts[^1] - bursts[^2] >= 60);

        // Someone else is back after a cut: what that one did postpones nothing.
        _former.Answered(_former.Items.First().Contact.Endpoint, Start + (11 + (8 * 60)) * Minute);
        Assert.True(TakeAt(11 + (8 * 60)).Count > 1);
    }

    [Fact]
    public void The_other_ports_of_the_host_that_is_back_do_not_show_that_others_are()
    {
        for (var i = 0; i < 80; i++)
        {
            Lose(i);
        }

        var ports = Enumerable.Range(0, 10).Select(port => new Contact(NodeId.FromKey($"port {port}"), UdpEndpoint.FromIPv4(0x0900_0001, (ushort)(4000 + port)))).ToList();
        var bursts = 0;
        for (var minute = 1; minute <= 4 * 60; minute++)
        {
            var now = Start + (minute * Minute);
            ports.ForEach(port => _former.Add(new SavedContact(port, now, 0), now));
            _former.Answered(ports[0].Endpoint, now);
            bursts += TakeAt(minute).Count > 1 ? 1 : 0;
            ports[1..].ForEach(port => _former.Answered(port.Endpoint, now));
        }

        Assert.InRange(bursts, 4, 9);
    }

    [Theory]
    [InlineData(10, 89, 6)]
    [InlineData(10, 39, 48)]
    [InlineData(50, 49, 48)]
    [InlineData(1, 4, 46)]
    [InlineData(1, 5, 6)]
    [InlineData(100, 4_000, 48)]
    public void A_few_that_left_among_many_are_asked_for_every_ten_minutes_however_many_they_are(int lost, int left, int inFirstHour)
    {
        for (var i = 0; i < lost; i++)
        {
            Lose(i);
        }

        Assert.Equal(inFirstHour, Count(1, 60));
        Assert.InRange(Count((2 * 60) + 1, 3 * 60), 5, 6);
        Assert.InRange(Count(23 * 60, 24 * 60), 1, 2);

        int Count(int from, int to) =>
            Enumerable.Range(from, to - from + 1).Sum(minute => _former.Take(20, left, Start + (minute * Minute)).Due.Count);
    }

    [Fact]
    public void In_a_network_that_always_loses_some_they_are_asked_for_no_more_often()
    {
        var asked = 0;
        for (var minute = 0; minute < 600; minute++)
        {
            if (minute % 10 == 0)
            {
                Lose(minute / 10, lostAt: Start + (minute * Minute));
            }

            asked += _former.Take(20, contacts: 100, Start + (minute * Minute)).Due.Count;
        }

        Assert.InRange(asked, 50, 61);
    }

    [Fact]
    public void Those_that_lived_longest_are_kept_and_a_flood_of_new_ones_pushes_out_only_itself()
    {
        for (var i = 0; i < 40; i++)
        {
            Lose(i, firstSeen: Start - TimeSpan.FromDays(1));
        }

        // Ten thousand that answered once, each of a network of its own, in half an hour.
        for (var i = 100; i < 10_100; i++)
        {
            Lose(i, lostAt: Start + TimeSpan.FromSeconds(0.18 * i));
        }

        Assert.Equal(FormerContacts.Capacity, _former.Count);
        Assert.Equal(40, _former.Items.Count(item => NumberOf(item.Contact) < 40));
    }

    [Fact]
    public void One_subnet_has_as_many_places_as_in_the_table()
    {
        for (var i = 0; i < 50; i++)
        {
            _former.Add(new SavedContact(new Contact(Contact(i).Id, UdpEndpoint.FromIPv4(0x08080801, (ushort)(4000 + i))), Start, 0), Start);
        }

        Assert.Equal(new SubnetLimits().PerTable, _former.Count);
        Lose(1);
        Assert.Equal(new SubnetLimits().PerTable + 1, _former.Count);
    }

    [Fact]
    public void One_that_is_silent_for_a_month_is_forgotten_as_is_one_that_an_operator_dropped()
    {
        Lose(1);
        Lose(2);
        Assert.True(_former.Forget(Contact(2).Id));
        Assert.False(_former.Forget(Contact(2).Id));
        Assert.Equal([Contact(1)], _former.Items.Select(item => item.Contact));
        TakeAt((int)FormerContacts.ForgottenAfter.TotalMinutes - 1);
        Assert.Equal(1, _former.Count);
        TakeAt((int)FormerContacts.ForgottenAfter.TotalMinutes);
        Assert.Equal(0, _former.Count);
    }

    [Fact]
    public void A_table_remembers_whom_it_drops_for_silence_alone_and_keeps_them_with_its_state()
    {
        var options = new KademliaOptions { FailuresBeforeDrop = 1 };
        var table = new RoutingTable(NodeId.MinValue, options, new SubnetDiversity(), Start);
        for (var i = 1; i <= 4; i++)
        {
            table.Apply(ContactObservation.Answered(Contact(i)), Start);
        }

        table.Apply(ContactObservation.Failed(Contact(1)), Start + Minute);
        table.Apply(ContactObservation.Dropped(Contact(2)), Start + Minute);
        table.Apply(ContactObservation.Answered(Contact(3) with { Id = Contact(99).Id }), Start + Minute);
        table.Apply(ContactObservation.Failed(Contact(77)), Start + Minute);
        Assert.Equal([Contact(1)], table.Former.Select(saved => saved.Contact));
        Assert.Equal([Start], table.Former.Select(saved => saved.LastSeen));

        var restored = RoutingTable.Restore(table.Save(), options, new SubnetDiversity(), Start + (2 * Minute));
        Assert.Equal(table.Former, restored.Former);
        Assert.Equal([Contact(1)], restored.TakeFormer(Start + (3 * Minute)).Due);
        restored.Apply(ContactObservation.Answered(Contact(1)), Start + (3 * Minute));
        Assert.Empty(restored.Former);
        Assert.True(restored.Contains(Contact(1)));
    }

    [Fact]
    public void A_table_without_any_contact_left_knows_that_it_had_some_that_stayed_for_minutes()
    {
        var table = new RoutingTable(NodeId.MinValue, new KademliaOptions { FailuresBeforeDrop = 1 }, new SubnetDiversity(), Start);
        Assert.False(table.HasHadContacts);
        table.Apply(ContactObservation.Answered(Contact(1)), Start);
        Assert.Equal((1, false), (table.Count, table.HasHadContacts));
        table.Apply(ContactObservation.Failed(Contact(1)), Start);
        Assert.Equal((0, false), (table.Count, table.HasHadContacts));

        table.Apply(ContactObservation.Answered(Contact(2)), Start);
        table.Apply(ContactObservation.Answered(Contact(2)), Start + FormerContacts.LastingLife);
        Assert.True(table.HasHadContacts);
        table.Apply(ContactObservation.Failed(Contact(2)), Start + FormerContacts.LastingLife);
        Assert.Equal((0, true), (table.Count, table.HasHadContacts));
        Assert.True(RoutingTable.Restore(table.Save(), new KademliaOptions(), new SubnetDiversity(), Start.AddHours(1)).HasHadContacts);
        table.AddFormer([new SavedContact(new Contact(table.OwnId, Contact(5).Endpoint), Start, 0)], Start);
        Assert.Equal([Contact(1), Contact(2)], table.Former.Select(saved => saved.Contact));
        Assert.True(Assert.Single(table.Find(Contact(2).Id)).IsFormer);

        Assert.True(table.Forget(Contact(2).Id));
        Assert.False(table.HasHadContacts);
    }

    private void Lose(int number, DateTimeOffset? firstSeen = null, DateTimeOffset? lastSeen = null, DateTimeOffset? lostAt = null)
    {
        var at = lostAt ?? Start;
        var seen = lastSeen ?? at;
        _former.Add(new SavedContact(Contact(number), seen, 0) { FirstSeen = firstSeen ?? seen }, at);
    }

    private IReadOnlyList<Contact> TakeAt(int minute) => _former.Take(20, contacts: 1, Start + (minute * Minute)).Due;

    private static Contact Contact(int number) =>
        new(NodeId.FromKey($"{number}"), UdpEndpoint.FromIPv4(0x0800_0001 + ((uint)number << 8), 4000));

    private static int NumberOf(Contact contact) => (int)((contact.Endpoint.AddressLow - Contact(0).Endpoint.AddressLow) >> 8);
}
