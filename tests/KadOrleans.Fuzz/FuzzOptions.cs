using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace KadOrleans.Fuzz;

internal sealed record FuzzOptions(int Seconds, ulong Seed, long? Iteration, long? Datagrams)
{
    private const int MaxSeconds = 86_400;

    public static bool TryParse(
        IReadOnlyList<string> arguments,
        [NotNullWhen(true)] out FuzzOptions? options,
        [NotNullWhen(false)] out string? complaint)
    {
        var parsed = new FuzzOptions(Seconds: 10, Seed: 1, Iteration: null, Datagrams: null);
        options = null;
        for (var i = 0; i < arguments.Count; i += 2)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : "";
            complaint = parsed.TryTake(arguments[i], value, out parsed);
            if (complaint is not null)
            {
                return false;
            }
        }

        complaint = null;
        options = parsed;
        return true;
    }

    private string? TryTake(string name, string value, out FuzzOptions changed)
    {
        changed = this;
        if (name is not ("--seconds" or "--seed" or "--iteration" or "--datagrams"))
        {
            return $"'{name}' is not an option: use --seconds N, --seed N, --iteration N or --datagrams N.";
        }

        var limit = name == "--seconds" ? MaxSeconds : long.MaxValue;
        if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > limit)
        {
            return $"{name} takes a whole number from 0 to {limit}, not '{value}'.";
        }

        changed = name switch
        {
            "--seconds" => this with { Seconds = (int)number },
            "--seed" => this with { Seed = (ulong)number },
            "--datagrams" => this with { Datagrams = number },
            _ => this with { Iteration = number },
        };
        return null;
    }
}
