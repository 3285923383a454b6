using System.Text.Json.Nodes;

namespace KadOrleans.Silo.Health;

/// <summary>Writes a JSON response with Cache-Control: no-store.</summary>
internal static class JsonAnswer
{
    public static Task WriteAsync(HttpContext context, JsonObject body)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }
}
