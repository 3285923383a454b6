using System.Text.Json.Nodes;
using KadOrleans.Core.Estimation;

namespace KadOrleans.Cli.Output;

/// <summary>An estimated network size as JSON: <c>{"nodes","standardError","lookups"}</c>, or null.</summary>
internal static class NetworkSizeJson
{
    public static JsonObject? Create(NetworkSizeEstimate? estimate) => estimate is null
        ? null
        : new JsonObject
        {
            ["nodes"] = Math.Round(estimate.Nodes, 1),
            ["standardError"] = Math.Round(estimate.StandardError, 1),
            ["lookups"] = estimate.Lookups,
        };
}
