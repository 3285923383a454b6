using System.Diagnostics;
using System.Text.Json.Nodes;

namespace KadOrleans.Hostile.Sockets;

/// <summary>Attacks on a node over real sockets, each run in a sandbox of its own.</summary>
internal static class SocketAttacks
{
    /// <summary>The first argument of what runs inside.</summary>
    public const string Verb = "inside";

    /// <summary>Runs an attack in a new sandbox and returns what it reports.</summary>
    /// <exception cref="InvalidOperationException">It failed; its errors are in the message.</exception>
    public static async Task<JsonNode> RunAsync(string attack, params string[] options)
    {
        using var process = Process.Start(Sandbox.Again([Verb, attack, .. options]))!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? JsonNode.Parse(output)!
            : throw new InvalidOperationException($"{attack} ended with {process.ExitCode}: {output} {await error}");
    }

    /// <summary>Runs an attack; called inside of the sandbox. Prints one line of JSON.</summary>
    public static async Task RunInsideAsync(string attack, IReadOnlyList<string> args, TextWriter output)
    {
        var options = SocketAttackOptions.Parse(args);
        var result = attack switch
        {
            "flood" => await new FloodAttack(options).RunAsync(),
            "amplification" => await new AmplificationAttack(options).RunAsync(),
            "fill" => await new FillAttack(options).RunAsync(),
            _ => throw new ArgumentException($"'{attack}' is not an attack: flood, amplification and fill are."),
        };
        await output.WriteLineAsync(result.ToJsonString());
    }
}
