using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Http;

internal static class ResultJson
{
    [return: NotNullIfNotNull(nameof(result))]
    public static JsonObject? Of<T>(T? result) => JsonSerializer.SerializeToNode(result, JsonSerializerOptions.Web)?.AsObject();
}

/// <summary>An estimated network size as JSON: <c>{"nodes","standardError","lookups"}</c>, or null.</summary>
internal static class NetworkSizeJson
{
    public static JsonObject? Create(NetworkSizeEstimate? estimate) => estimate is null ? null : ResultJson.Of(
        new { Nodes = Math.Round(estimate.Nodes, 1), StandardError = Math.Round(estimate.StandardError, 1), estimate.Lookups });
}
