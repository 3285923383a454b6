using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Node;

/// <summary>Calls for one key follow one another; a caller's wait for that ends with its token, and only so many wait.</summary>
public sealed class KeyTurnTests
{
    /// <summary>More than may wait for one key.</summary>
    private const int Many = 400;

    private static readonly Item First = SignedItems.Sign(1, "5:first"), Later = SignedItems.Sign(2, "5:later");
    private static readonly NodeId Key = First.Key;
    private static readonly StoredValue Imported = new(
        DhtValue.FromString("imported"), ManualTimeProvider.Epoch, ManualTimeProvider.Epoch + TimeSpan.FromDays(2), SourceNetwork.Trusted);

    private readonly SimulatedWorld _world = new(seed: 49);
    private readonly ScriptedStore _store = new();
    private readonly TaskCompletionSource _disk = new();
    private int _puts;

    public KeyTurnTests() => _store.BeforePut = () => ++_puts == 1 ? _disk.Task : Task.CompletedTask;

    private static Dictionary<string, Func<KadNode, CancellationToken, Task>> Calls => new()
    {
        ["set"] = (node, token) => node.SetAsync(Key, Later.ToValue(), SetAcknowledgement.Network, token),
        ["set for a life"] = (node, token) => node.SetAsync(Key, Later.ToValue(), TimeSpan.FromHours(1), token),
        ["set if"] = (node, token) => node.SetIfAsync(Key, Later.ToValue(), _ => true, SetAcknowledgement.Network, null, token),
        ["durable set if"] = (node, token) => node.SetIfAsync(Key, Later.ToValue(), _ => true, SetAcknowledgement.Durable, null, token),
        ["delete if"] = (node, token) => node.DeleteIfAsync(Key, ValueVersion.Of(1), 0, token),
        ["keep"] = (node, token) => node.KeepAsync(Key, Later.ToValue(), ManualTimeProvider.Epoch + TimeSpan.FromDays(2), token),
        ["unpublish"] = (node, token) => node.UnpublishAsync(Key, token),
        ["delete"] = (node, token) => node.Admin.DeleteAsync(Key, token),
        ["import"] = (node, token) => node.Admin.ImportAsync([new(Key, Imported)], token),
    };

    public static TheoryData<string> Names => [.. Calls.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_callers_token_ends_its_wait_for_a_keys_turn(string name) => _world.Run(async () =>
    {
        await using var node = await _world.StartAsync(Without.Walks, _store);
        var held = node.SetAsync(Key, First.ToValue(), SetAcknowledgement.Network);
        using var leaving = new CancellationTokenSource();
        var call = Calls[name](node, leaving.Token);
        var next = node.UnpublishAsync(Key);
        await _world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal((false, false, false), (held.IsCompleted, call.IsCompleted, next.IsCompleted));

        leaving.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(TimeSpan.FromSeconds(1), _world.Clock));
        Assert.Equal((false, false), (held.IsCompleted, next.IsCompleted));

        // Those behind it go on when those before it have ended.
        _disk.SetResult();
        await held;
        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(5), _world.Clock));
    });

    [Fact]
    public void So_many_calls_wait_for_one_key_and_others_are_told_that_it_is_busy() => _world.Run(async () =>
    {
        await using var node = await _world.StartAsync(Without.Walks, _store);
        var held = node.SetAsync(Key, First.ToValue(), SetAcknowledgement.Network);
        var sets = Enumerable.Range(0, Many).Select(_ => node.SetAsync(Key, Later.ToValue(), SetAcknowledgement.Network)).ToList();
        await _world.PassAsync(TimeSpan.FromSeconds(5));

        var refused = sets.FindAll(set => set.IsCompleted);
        Assert.InRange(refused.Count, 1, Many - 100);
        Assert.All(await Task.WhenAll(refused), set => Assert.Equal((false, StoreResult.Busy), (set.Succeeded, set.Local)));
        Assert.Equal(StoreResult.Busy, (await Now(node.SetAsync(Key, Later.ToValue(), TimeSpan.FromHours(1)))).Local);
        Assert.Equal(StoreResult.Busy, (await Now(node.SetIfAsync(Key, Later.ToValue(), _ => true, SetAcknowledgement.Network))).Local);
        Assert.Equal([StoreResult.Busy], await Now(node.Admin.ImportAsync([new(Key, Imported)])));
        var busy = await Assert.ThrowsAsync<DhtUnavailableException>(() => Now(node.UnpublishAsync(Key)));
        Assert.Equal($"256 calls wait for the key {Key} already, which is the most; nothing was done. Try again later.", busy.Message);
        await Assert.ThrowsAsync<DhtUnavailableException>(() => Now(node.Admin.DeleteAsync(Key)));

        // Other keys are no part of it, and once there is room it is as before.
        Assert.True((await Now(node.SetAsync("another", DhtValue.FromInteger(1)))).Succeeded);
        _disk.SetResult();
        Assert.All(await Task.WhenAll(sets.Except(refused)), set => Assert.True(set.Succeeded));
        Assert.True(await Now(node.UnpublishAsync(Key)));
        Assert.True((await held).Succeeded);
    });

    private Task<T> Now<T>(Task<T> call) => call.WaitAsync(TimeSpan.FromSeconds(5), _world.Clock);
}
