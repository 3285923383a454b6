using System.Globalization;
using System.Text.Json.Nodes;

namespace KadOrleans.Lab.Benchmarking;

/// <summary>Garbage collections of a process. That of a generation is one of the younger ones too.</summary>
internal readonly record struct GarbageCollections(int Gen0, int Gen1, int Gen2)
{
    public static GarbageCollections operator +(GarbageCollections left, GarbageCollections right) =>
        new(left.Gen0 + right.Gen0, left.Gen1 + right.Gen1, left.Gen2 + right.Gen2);

    public static GarbageCollections operator -(GarbageCollections left, GarbageCollections right) =>
        new(left.Gen0 - right.Gen0, left.Gen1 - right.Gen1, left.Gen2 - right.Gen2);

    /// <summary>As a node's status has them.</summary>
    public static GarbageCollections Parse(JsonNode json) => new((int)json["gen0"]!, (int)json["gen1"]!, (int)json["gen2"]!);

    public JsonObject ToJson() => new() { ["gen0"] = Gen0, ["gen1"] = Gen1, ["gen2"] = Gen2 };

    public override string ToString() => Gen0 == 0
        ? "0"
        : string.Create(CultureInfo.InvariantCulture, $"{Gen0} (generation 1: {Gen1}, generation 2: {Gen2})");
}
