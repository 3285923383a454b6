using System.Net.ServerSentEvents;

namespace KadOrleans.Http;

internal static class WatchApi
{
    /// <summary>The event of a value: its data is a <see cref="KeyResult"/>.</summary>
    public const string Value = "value";

    /// <summary>The event of a signed item: its data is an <see cref="ItemResult"/>.</summary>
    public const string Item = "item";

    /// <summary>The event of a key without a value: its data is a <see cref="NoValue"/>.</summary>
    public const string None = "none";

    /// <summary>The event that says only that the connection lives, so that proxies keep it.</summary>
    public const string Heartbeat = "heartbeat";

    public static void Map(RouteGroupBuilder api) => api.MapGet("/keys/{key}/events", WatchAsync)
        .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Read))
        .WithSummary("Sends the value of a key, and each change of it that this DHT learns of, as server-sent events.")
        .WithDescription($"Events are {Value}, {None} (there is no value any more), and {Heartbeat} after 15 s without another.")
        .Produces<string>(StatusCodes.Status200OK, "text/event-stream");

    private static Task<IResult> WatchAsync(
        string key, string? @as, HttpContext context, IDht dht, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        var requested = RequestedKey.Of(key, @as);
        return SendAsync(requested, value => (KeyResult.Of(requested, value, lookup: null), Value), context, dht, time, lifetime);
    }

    /// <summary>Sends a key's value, and each change of it.</summary>
    /// <param name="requested">The key.</param>
    /// <param name="show">The data and the event of a value; null for one that counts as none.</param>
    /// <param name="context">The request.</param>
    /// <param name="dht">What is watched.</param>
    /// <param name="time">The clock of the heartbeats.</param>
    /// <param name="lifetime">Ends the streams when the server stops.</param>
    internal static async Task<IResult> SendAsync(
        RequestedKey requested,
        Func<DhtValue, (object Data, string Event)?> show,
        HttpContext context,
        IDht dht,
        TimeProvider time,
        IHostApplicationLifetime lifetime)
    {
        var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var changes = dht.WatchAsync(requested.Digest, ending.Token).GetAsyncEnumerator(ending.Token);
        try
        {
            // The first value comes before the response, so that a failure has its status code.
            await changes.MoveNextAsync();
        }
        catch
        {
            await changes.DisposeAsync();
            ending.Dispose();
            throw;
        }

        return EventStreams.Send(context, Heartbeats.AddAsync(changes, Task.FromResult(true), change => change.Value is { } value && show(value) is { } shown
            ? new SseItem<object>(shown.Data, shown.Event)
            : new SseItem<object>(new NoValue(requested.Text, requested.Digest.ToString()), None), ending, time));
    }

    /// <summary>A key without a value.</summary>
    /// <param name="Key">The key's text; null if the request has its digest.</param>
    /// <param name="Digest">The key's id.</param>
    internal sealed record NoValue(string? Key, string Digest);
}

/// <summary>Puts heartbeats between the items of a stream, so that proxies keep its connection.</summary>
internal static class Heartbeats
{
    /// <summary>The longest time without an event.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    // An event for each item of a stream, and a heartbeat after each Interval without one. Ends with the stream. The move to the next item
    // may be under way. The source, and the token source that cancels it, are disposed at the end.
    public static async IAsyncEnumerable<SseItem<object>> AddAsync<T>(
        IAsyncEnumerator<T> source, Task<bool> next, Func<T, SseItem<object>> show, CancellationTokenSource ending, TimeProvider time)
    {
        try
        {
            while (true)
            {
                await ((Task)next).WaitAsync(Interval, time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!next.IsCompleted)
                {
                    ending.Token.ThrowIfCancellationRequested();
                    yield return new SseItem<object>(new object(), WatchApi.Heartbeat);
                    continue;
                }

                if (!await next)
                {
                    yield break;
                }

                yield return show(source.Current);
                next = source.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // The enumerator must not be disposed while it works.
            await ending.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await source.DisposeAsync();
            ending.Dispose();
        }
    }
}
