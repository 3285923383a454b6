using System.Net.ServerSentEvents;

namespace KadOrleans.Http;

internal static class EventStreams
{
    /// <summary>
    /// Responds with server-sent events, as they come, while the token and the session last that asked for them. A HEAD request gets the headers
    /// alone.
    /// </summary>
    public static IResult Send<T>(HttpContext context, IAsyncEnumerable<SseItem<T>> events)
    {
        // nginx would hold events and heartbeats back until it has a buffer full of them.
        context.Response.Headers["X-Accel-Buffering"] = "no";

        // The stream is disposed after the event that it has or waits for.
        var lasting = UntilEndAsync(events, context.RequestServices.GetRequiredService<IHostApplicationLifetime>());
        return TypedResults.ServerSentEvents(context.IsHead() ? lasting.Take(1) : lasting.TakeWhile(_ => TokenAuthentication.StillAllows(context)));
    }

    // A server that stops ends the response in order, as this is no failure of the request.
    private static async IAsyncEnumerable<T> UntilEndAsync<T>(IAsyncEnumerable<T> events, IHostApplicationLifetime lifetime)
    {
        await using var source = events.GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            try
            {
                if (!await source.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
            {
                yield break;
            }

            yield return source.Current;
        }
    }
}
