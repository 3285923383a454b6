using System.Globalization;
using System.Text.Json.Nodes;
using KadOrleans.Testing.Deployment;

namespace KadOrleans.Infra.Tests.Kubernetes;

/// <summary>A container's ports by their names.</summary>
internal static class Ports
{
    public static Dictionary<string, int> Of(JsonNode container) => container.Entries("ports").ToDictionary(
        port => port.Text("name")!, port => int.Parse(port.Text("containerPort")!, CultureInfo.InvariantCulture));
}
