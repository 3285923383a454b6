namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Grains that share nothing with those of other tests, and their states.</summary>
internal static class Samples
{
    public const string Name = "sample";

    public static GrainId Grain() => GrainId.Create("sample", Guid.NewGuid().ToString("N"));

    public static GrainState<SampleState> State(string text, string? etag = null) =>
        new(new SampleState { Text = text }, etag!);

    public static async Task<GrainState<SampleState>> ReadAsync(this IGrainStorage storage, GrainId grain, string name = Name)
    {
        var state = new GrainState<SampleState>(new SampleState());
        await storage.ReadStateAsync(name, grain, state);
        return state;
    }

    public static async Task<GrainState<SampleState>> WriteAsync(this IGrainStorage storage, GrainId grain, string text, string name = Name)
    {
        var state = State(text);
        await storage.WriteStateAsync(name, grain, state);
        return state;
    }
}
