using System.Globalization;
using KadOrleans.Wire;

namespace KadOrleans.Hostile.Sockets;

/// <summary>What to run in the sandbox, as <c>--name value</c>.</summary>
internal sealed record SocketAttackOptions
{
    /// <summary>Path of the node's assembly without its extension; default: the one of this build.</summary>
    public string Kad { get; init; } = "kad";

    /// <summary>Kind of forged request; null for all in turn.</summary>
    public RequestKind? Kind { get; init; }

    /// <summary>Forged datagrams per second.</summary>
    public int Rate { get; init; } = 20_000;

    /// <summary>How long the attack lasts.</summary>
    public double Seconds { get; init; } = 4;

    /// <summary>Newcomers that ask meanwhile.</summary>
    public int Newcomers { get; init; } = 240;

    /// <summary>Keys that a filler sends.</summary>
    public int Count { get; init; } = 3_000;

    /// <summary>Whether a filler answers pings.</summary>
    public bool Answering { get; init; }

    /// <summary>Options in the order of the arguments.</summary>
    /// <exception cref="ArgumentException">An option or its value is wrong.</exception>
    public static SocketAttackOptions Parse(IReadOnlyList<string> args)
    {
        var options = new SocketAttackOptions();
        for (var i = 0; i + 1 < args.Count; i += 2)
        {
            options = options.With(args[i], args[i + 1]);
        }

        return args.Count % 2 == 0 ? options : throw new ArgumentException($"{args[^1]} needs a value.", nameof(args));
    }

    private SocketAttackOptions With(string name, string value) => name switch
    {
        "--kad" => this with { Kad = value },
        "--kind" => this with { Kind = value == "mixed" ? null : Enum.Parse<RequestKind>(value, ignoreCase: true) },
        "--rate" => this with { Rate = int.Parse(value, CultureInfo.InvariantCulture) },
        "--seconds" => this with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) },
        "--minutes" => this with { Seconds = 60 * double.Parse(value, CultureInfo.InvariantCulture) },
        "--newcomers" => this with { Newcomers = int.Parse(value, CultureInfo.InvariantCulture) },
        "--count" => this with { Count = int.Parse(value, CultureInfo.InvariantCulture) },
        "--answering" => this with { Answering = bool.Parse(value) },
        _ => throw new ArgumentException($"{name} is not an option.", nameof(name)),
    };
}
