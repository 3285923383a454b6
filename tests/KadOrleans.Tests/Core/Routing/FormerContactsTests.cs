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
        Assert.Equal(20, _former.Take(20, isAlone: true, Start + (31 * Minute)).Due.Count);

        // Within the minute none, however often they are asked for.
        Assert.Empty(_former.Take(20, isAlone: true, Start + (31.5 * Minute)).Due);
        Assert.Equal(20, _former.Take(20, isAlone: true, Start + (32 * Minute)).Due.Count);
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

        (int, DateTimeOffset?) Known(int minute) => _former.Take(20, isAlone: false, Start + (minute * Minute)) is var news
            ? (news.Known, news.ApartSince)
            : default;
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

        // Nobody of that burst answers: one that comes back later brings about another after two minutes, four, eight, up to an hour.
        var bursts = 0;
        for (var minute = 11; minute < 11 + (8 * 60); minute++)
        {
            if (TakeAt(minute) is [var asked])
            {
                _former.Answered(asked.Endpoint, Start + (minute * Minute));
                Lose(NumberOf(asked), lastSeen: Start, lostAt: Start + (minute * Minute));
                bursts += TakeAt(minute).Count > 1 ? 1 : 0;
            }
        }

        Assert.InRange(bursts, 3, 16);
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
    public void A_table_without_any_contact_left_knows_that_it_had_some()
    {
        var table = new RoutingTable(NodeId.MinValue, new KademliaOptions { FailuresBeforeDrop = 1 }, new SubnetDiversity(), Start);
        Assert.False(table.HasHadContacts);
        table.Apply(ContactObservation.Answered(Contact(1)), Start);
        table.Apply(ContactObservation.Failed(Contact(1)), Start);
        Assert.Equal((0, true), (table.Count, table.HasHadContacts));
        table.AddFormer([new SavedContact(new Contact(table.OwnId, Contact(5).Endpoint), Start, 0)], Start);
        Assert.Equal([Contact(1)], table.Former.Select(saved => saved.Contact));
    }

    private void Lose(int number, DateTimeOffset? firstSeen = null, DateTimeOffset? lastSeen = null, DateTimeOffset? lostAt = null)
    {
        var at = lostAt ?? Start;
        var seen = lastSeen ?? at;
        _former.Add(new SavedContact(Contact(number), seen, 0) { FirstSeen = firstSeen ?? seen }, at);
    }

    private IReadOnlyList<Contact> TakeAt(int minute) => _former.Take(20, isAlone: false, Start + (minute * Minute)).Due;

    private static Contact Contact(int number) =>
        new(NodeId.FromKey($"{number}"), UdpEndpoint.FromIPv4(0x0800_0001 + ((uint)number << 8), 4000));

    private static int NumberOf(Contact contact) => (int)((contact.Endpoint.AddressLow - Contact(0).Endpoint.AddressLow) >> 8);
}
