using System.Net.ServerSentEvents;

namespace KadOrleans.Hosting;

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
        return TypedResults.ServerSentEvents(context.IsHead() ? events.Take(1) : events.TakeWhile(_ => TokenAuthentication.StillAllows(context)));
    }
}
