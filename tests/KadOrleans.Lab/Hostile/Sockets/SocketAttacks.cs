namespace KadOrleans.Lab;

/// <summary>Attacks on a node over real sockets, each run in a sandbox of its own.</summary>
internal static class SocketAttacks
{
    public const string Verb = "inside";

    public static async Task<JsonNode> RunAsync(string attack, SocketAttackOptions? options = null)
    {
        await using var process = ChildProcess.Start(Sandbox.Again(["hostile", Verb, attack, JsonSerializer.Serialize(options ?? new SocketAttackOptions())]));
        var output = await process.Output.NextAsync(CancellationToken.None);
        return await process.ExitAsync() == 0
            ? JsonNode.Parse(output!)!
            : throw new InvalidOperationException($"{attack} failed: {process.Output.Text} {process.Error.Text}");
    }

    /// <summary>Runs an attack; called inside of the sandbox. Prints one line of JSON.</summary>
    public static async Task RunInsideAsync(string attack, string json, TextWriter output)
    {
        var options = JsonSerializer.Deserialize<SocketAttackOptions>(json)!;
        object result = attack switch
        {
            "flood" => await new FloodAttack(options).RunAsync(),
            "amplification" => await new AmplificationAttack().RunAsync(),
            "fill" => await new FillAttack(options).RunAsync(),
            "collision" => await new CollisionAttack(options).RunAsync(),
            _ => throw new ArgumentException($"'{attack}' is not an attack: flood, amplification, fill and collision are."),
        };
        await output.WriteLineAsync(JsonSerializer.Serialize(result, JsonSerializerOptions.Web));
    }
}

/// <summary>How an attack is run.</summary>
internal sealed record SocketAttackOptions
{
    /// <summary>Kind of forged request; null for all in turn.</summary>
    public RequestKind? Kind { get; init; }

    /// <summary>Datagrams per second.</summary>
    public int Rate { get; init; } = 20_000;

    public double Seconds { get; init; } = 4;

    public int Newcomers { get; init; } = 240;

    /// <summary>Keys that a filler sends.</summary>
    public int Count { get; init; } = 3_000;

    /// <summary>Whether a filler answers pings.</summary>
    public bool Answering { get; init; }

    /// <summary>Whether stored keys are chosen so that a weak hash gives them one code.</summary>
    public bool Colliding { get; init; }
}
