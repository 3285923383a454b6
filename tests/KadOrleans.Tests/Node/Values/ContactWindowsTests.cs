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
        for (var i = 0; i < ContactWindows.MostUnanswered; i++)
        {
            Assert.False(_windows.IsLeftOut(silent.Endpoint));
            passes[i].End(silent, hasAnswered: false);
        }

        Assert.True(_windows.IsLeftOut(silent.Endpoint));
        Assert.Equal([other], (await EnterAsync(silent, other)).Contacts);
        passes.ForEach(pass => pass.Dispose());
        Assert.Contains(other, (await waiting).Contacts);

        _time.Advance(ContactWindows.Pause);
        Assert.Contains(silent, (await EnterAsync(silent)).Contacts);
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
        for (var i = 0; i < 3 * ContactWindows.Capacity; i++)
        {
            var contact = Draw();
            using var pass = await EnterAsync(contact);
            pass.End(contact, hasAnswered: false);
        }

        Assert.InRange(_windows.Count, 1, ContactWindows.Capacity + 1);
    }

    private Contact Draw() => new(NodeId.Random(_random), UdpEndpoint.FromIPv4(0x0B000000 + _random.NextUInt32() % 0x10000000, 8468));

    private Task<ContactPass> EnterAsync(params Contact[] contacts) => _windows.EnterAsync(contacts, TestContext.Current.CancellationToken);
}
