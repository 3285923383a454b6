namespace KadOrleans.Tests.Node;

public sealed class ContactWindowsTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly SeededRandomSource _random = new(1);
    private readonly ContactWindows _windows;

    public ContactWindowsTests() => _windows = new ContactWindows(_time);

    [Fact]
    public async Task So_many_are_under_way_to_a_contact_and_the_next_waits_for_one_to_end()
    {
        var contact = Draw();
        var passes = new List<ContactPass>();
        for (var i = 0; i < ContactWindows.Size; i++)
        {
            passes.Add(await EnterAsync(contact));
        }

        var waiting = EnterAsync(contact);
        Assert.False(waiting.IsCompleted);

        passes[0].End(contact, hasAnswered: true);
        Assert.Equal([contact], (await waiting).Contacts);
        passes[0].Dispose();
        Assert.False(EnterAsync(contact).IsCompleted);
    }

    [Fact]
    public async Task A_contact_that_answers_none_of_several_is_left_out_for_a_while_and_those_who_wait_for_it_go_on()
    {
        var (silent, other) = (Draw(), Draw());
        var passes = new List<ContactPass>();
        for (var i = 0; i < ContactWindows.Size; i++)
        {
            passes.Add(await EnterAsync(silent));
        }

        var waiting = EnterAsync(silent, other);
        passes[0].End(silent, hasAnswered: false);
        await EndManyAsync(hasAnswered: true, other);
        for (var i = 1; i < ContactWindows.MostUnanswered; i++)
        {
            Assert.False(_windows.IsLeftOut(silent.Endpoint));
            passes[i].End(silent, hasAnswered: false);
        }

        Assert.True(_windows.IsLeftOut(silent.Endpoint));
        Assert.Equal([other], (await EnterAsync(silent, other)).Contacts);
        passes.ForEach(pass => pass.Dispose());
        using (var waited = await waiting)
        {
            Assert.Contains(other, waited.Contacts);
        }

        _time.Advance(ContactWindows.Pause);
        Assert.Contains(silent, (await EnterAsync(silent)).Contacts);
    }

    [Fact]
    public async Task A_contact_that_answers_none_while_one_in_five_does_is_left_out_and_none_of_those_that_answer()
    {
        List<Contact> contacts = [.. Enumerable.Range(0, 5).Select(_ => Draw())];
        for (var i = 0; i < 4 * ContactWindows.MostSilent; i++)
        {
            using var pass = await EnterAsync([.. contacts]);
            foreach (var contact in pass.Contacts)
            {
                pass.End(contact, hasAnswered: contact == contacts[^1]);
            }
        }

        Assert.Equal([true, true, true, true, false], contacts.Select(contact => _windows.IsLeftOut(contact.Endpoint)));
    }

    [Fact]
    public async Task One_that_was_left_out_is_again_after_one_value_without_an_answer()
    {
        var silent = Draw();
        for (var i = 0; i < ContactWindows.MostUnanswered; i++)
        {
            await EndAsync(silent, hasAnswered: false);
            await EndManyAsync(hasAnswered: true, Draw());
        }

        _time.Advance(ContactWindows.Pause);
        await EndAsync(silent, hasAnswered: false);
        Assert.True(_windows.IsLeftOut(silent.Endpoint));

        _time.Advance(ContactWindows.Pause);
        await EndAsync(silent, hasAnswered: true);
        await EndAsync(silent, hasAnswered: false);
        Assert.False(_windows.IsLeftOut(silent.Endpoint));
    }

    /// <summary>However far away a contact is, few wait in its buffer, and it has as much to do as it can.</summary>
    [Theory]
    [InlineData(4_500, 1, 4_400)]
    [InlineData(4_500, 70, 3_600)]
    [InlineData(500, 1, 490)]
    [InlineData(500, 70, 490)]
    [InlineData(2_000, 150, 1_600)]
    [InlineData(100, 20, 98)]
    public void What_is_under_way_follows_a_contacts_distance_and_what_waits_there_does_not(int perSecond, int roundTrip, int least)
    {
        const int Values = 20_000;
        Contact[] contacts = [Draw(), Draw(), Draw()];
        var (way, each) = (TimeSpan.FromMilliseconds(roundTrip) / 2, TimeSpan.FromSeconds(1.0 / perSecond));
        var freeAt = contacts.ToDictionary(contact => contact, _ => TimeSpan.Zero);
        var most = 0.0;
        SendAll(Values, contacts, contact =>
        {
            var arrival = _time.Elapsed + way;
            var begins = arrival > freeAt[contact] ? arrival : freeAt[contact];
            freeAt[contact] = begins + each;
            most = Math.Max(most, (begins - arrival) / each);
            return freeAt[contact] + way - _time.Elapsed;
        });

        Assert.InRange(Values / _time.Elapsed.TotalSeconds, least, perSecond);
        Assert.InRange(most, 1, 2 * ContactWindows.Size);
    }

    [Fact]
    public void All_are_waited_for_also_who_is_slow()
    {
        Contact[] contacts = [.. Enumerable.Range(0, 20).Select(_ => Draw())];
        var sent = SendAll(300, contacts, contact => TimeSpan.FromSeconds(contact == contacts[0] ? 2 : 0.05));

        Assert.All(contacts, contact => Assert.Equal(300, sent[contact]));
    }

    [Fact]
    public async Task Two_who_want_the_same_contacts_in_another_order_do_not_wait_for_each_other()
    {
        Contact[] contacts = [.. Enumerable.Range(0, 20).Select(_ => Draw())];
        Task<ContactPass>[] all = [.. Enumerable.Range(0, 4 * ContactWindows.Size).Select(_ => EnterAsync([.. contacts.OrderBy(_ => _random.Next(100))]))];
        foreach (var one in all)
        {
            (await one).Dispose();
        }

        Assert.Equal(0, _windows.Count);
    }

    [Fact]
    public async Task What_is_noted_of_contacts_that_are_gone_is_bounded()
    {
        var there = Draw();
        for (var i = 0; i < (3 * ContactWindows.Capacity) + 10; i++)
        {
            await EndAsync(Draw(), hasAnswered: false);
            await EndAsync(there, hasAnswered: true);
            await EndAsync(there, hasAnswered: true);
        }

        Assert.InRange(_windows.Count, 1, ContactWindows.Capacity + 1);
    }

    [Fact]
    public async Task When_hardly_anybody_answers_nobody_is_left_out_for_it()
    {
        Contact[] contacts = [.. Enumerable.Range(0, 20).Select(_ => Draw())];
        await EndAllAsync(hasAnswered: true);
        for (var i = 0; i < 2 * ContactWindows.MostSilent; i++)
        {
            await EndAllAsync(hasAnswered: false);
            _time.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Equal(0, _windows.LeftOut);
        Assert.Equal(contacts.ToHashSet(), [.. (await EnterAsync(contacts)).Contacts]);

        // Once they answer again, one that does not is.
        for (var i = 0; i < 10; i++)
        {
            await EndAllAsync(hasAnswered: true);
        }

        for (var i = 0; i < ContactWindows.MostUnanswered; i++)
        {
            await EndManyAsync(hasAnswered: true, contacts[1]);
            Assert.False(_windows.IsLeftOut(contacts[0].Endpoint));
            await EndAsync(contacts[0], hasAnswered: false);
        }

        Assert.True(_windows.IsLeftOut(contacts[0].Endpoint));

        async Task EndAllAsync(bool hasAnswered)
        {
            foreach (var contact in contacts)
            {
                await EndAsync(contact, hasAnswered);
            }
        }
    }

    /// <summary>As one whose processor or line does not keep up: it is not its contacts that are to blame.</summary>
    [Fact]
    public async Task A_node_that_begins_to_get_one_answer_in_five_leaves_out_hardly_anybody()
    {
        Contact[] contacts = [.. Enumerable.Range(0, 20).Select(_ => Draw())];
        await EndManyAsync(hasAnswered: true, contacts);
        for (var i = 0; i < 100; i++)
        {
            foreach (var contact in contacts)
            {
                await EndAsync(contact, hasAnswered: _random.Next(5) == 0);
            }
        }

        Assert.InRange(_windows.LeftOut, 0, 2);
    }

    /// <summary>The answers before count for much, and few are missing: in the share of answers it does not show.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(14)]
    public async Task Of_few_contacts_none_is_left_out_for_a_short_cut_with_few_values(int count)
    {
        List<Contact> contacts = [.. Enumerable.Range(0, count).Select(_ => Draw())];
        for (var i = 0; i < 200; i++)
        {
            await EndManyAsync(hasAnswered: true, [.. contacts]);
        }

        for (var i = 0; i < ContactWindows.MostUnanswered; i++)
        {
            await EndManyAsync(hasAnswered: false, [.. contacts]);
            _time.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Equal(0, _windows.LeftOut);
        await EndManyAsync(hasAnswered: true, [.. contacts]);

        // One that has left is found beside another that answers.
        for (var i = 0; i <= ContactWindows.MostUnanswered && count > 1; i++)
        {
            await EndManyAsync(hasAnswered: false, contacts[0]);
            await EndManyAsync(hasAnswered: true, contacts[1]);
        }

        Assert.Equal(count > 1, _windows.IsLeftOut(contacts[0].Endpoint));
    }

    /// <summary>Sends values at once, and returns how many each contact got.</summary>
    private Dictionary<Contact, int> SendAll(int values, Contact[] contacts, Func<Contact, TimeSpan> takes)
    {
        var sent = contacts.ToDictionary(contact => contact, _ => 0);
        new VirtualThread().Run(_time, async () =>
        {
            await Task.WhenAll(Enumerable.Range(0, values).Select(_ => SendAsync()).ToList());
            return true;
        });
        return sent;

        async Task SendAsync()
        {
            using var pass = await EnterAsync(contacts);
            pass.Begin();
            await Task.WhenAll(pass.Contacts.ToList().Select(async contact =>
            {
                sent[contact]++;
                await Task.Delay(takes(contact), _time);
                pass.End(contact, hasAnswered: true);
            }));
        }
    }

    /// <summary>One without an answer of each, or as many answers as it takes for others to be to blame.</summary>
    private async Task EndManyAsync(bool hasAnswered, params Contact[] contacts)
    {
        foreach (var contact in contacts)
        {
            for (var i = 0; i < (hasAnswered ? ContactWindows.MostUnanswered : 1); i++)
            {
                await EndAsync(contact, hasAnswered);
            }
        }
    }

    private async Task EndAsync(Contact contact, bool hasAnswered)
    {
        using var pass = await EnterAsync(contact);
        foreach (var one in pass.Contacts.ToList())
        {
            pass.End(one, hasAnswered);
        }
    }

    private Contact Draw() => new(NodeId.Random(_random), UdpEndpoint.FromIPv4(0x0B000000 + _random.NextUInt32() % 0x10000000, 8468));

    private Task<ContactPass> EnterAsync(params Contact[] contacts) => _windows.EnterAsync(contacts, TestContext.Current.CancellationToken);
}
