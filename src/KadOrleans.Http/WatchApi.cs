using System.Net.ServerSentEvents;
using KadOrleans.Http.Access;
using KadOrleans.Http.Values;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Http;

/// <summary>Watches a key by server-sent events.</summary>
internal static class WatchApi
{
    /// <summary>The event of a value: its data is a <see cref="KeyResult"/>.</summary>
    public const string Value = "value";

    /// <summary>The event of a key without a value: its data is a <see cref="NoValue"/>.</summary>
    public const string None = "none";

    /// <summary>The event that says only that the connection lives, so that proxies keep it.</summary>
    public const string Heartbeat = "heartbeat";

    /// <summary>Adds the endpoint to the group of the API.</summary>
    public static void Map(RouteGroupBuilder api) => api.MapGet("/keys/{key}/events", WatchAsync)
        .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Read))
        .WithSummary("Sends the value of a key, and each change of it that this DHT learns of, as server-sent events.")
        .WithDescription($"Events are {Value}, {None} (there is no value any more), and {Heartbeat} after 15 s without another.")
        .Produces<string>(StatusCodes.Status200OK, "text/event-stream")
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<IResult> WatchAsync(string key, string? @as, HttpContext context, IDht dht, TimeProvider time)
    {
        var requested = RequestedKey.Read(context);
        var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
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

        return TypedResults.ServerSentEvents(EventsAsync(requested, changes, ending, time));
    }

    private static async IAsyncEnumerable<SseItem<object>> EventsAsync(
        RequestedKey key, IAsyncEnumerator<KeyChange> changes, CancellationTokenSource ending, TimeProvider time)
    {
        await foreach (var change in Heartbeats.AddAsync(changes, Task.FromResult(true), ending, time))
        {
            yield return change switch
            {
                null => new SseItem<object>(new object(), Heartbeat),
                { Value: { } value } => new SseItem<object>(KeyResult.Of(key, value, lookup: null), Value),
                _ => new SseItem<object>(new NoValue(key.Text, key.Digest.ToString()), None),
            };
        }
    }

    /// <summary>A key without a value.</summary>
    /// <param name="Key">The key's text; null if the request has its digest.</param>
    /// <param name="Digest">The key's id.</param>
    internal sealed record NoValue(string? Key, string Digest);
}
