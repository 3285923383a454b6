using KadOrleans.Edge.Configuration;
using KadOrleans.StateFiles;

namespace KadOrleans.Edge.Transfer;

/// <summary>The arguments of <c>export</c> and <c>import</c>.</summary>
/// <param name="Verb">Which of the two.</param>
/// <param name="File">A path, or <see cref="StateFile.Standard"/>.</param>
/// <param name="IsJson">Whether the summary is JSON.</param>
/// <param name="Settings">All else: settings, as an edge takes them.</param>
internal sealed record TransferArguments(string Verb, string File, bool IsJson, string[] Settings)
{
    public const string Export = "export";
    public const string Import = "import";

    private const string Json = "--json";

    /// <summary>Whether these arguments ask for a transfer.</summary>
    public static bool AreMeant(IReadOnlyList<string> args) => args.Count > 0 && args[0] is Export or Import;

    /// <exception cref="ConfigurationException">FILE is missing, or something is neither it nor a setting.</exception>
    public static TransferArguments Parse(IReadOnlyList<string> args)
    {
        var verb = args[0];
        var rest = args.Skip(1).Where(arg => arg != Json).ToList();
        if (rest.Count == 0 || rest[0].Length == 0 || rest[0].StartsWith("--", StringComparison.Ordinal) || IsKadSetting(rest[0]))
        {
            throw new ConfigurationException(
                $"FILE is missing: KadOrleans.Edge {verb} FILE [settings], where - is the standard {(verb == Export ? "output" : "input")}.");
        }

        string[] settings = [.. rest.Skip(1)];
        SettingArguments.Check(settings);
        return new TransferArguments(verb, rest[0], rest.Count < args.Count - 1, settings);
    }

    private static bool IsKadSetting(string text) =>
        text.Contains('=', StringComparison.Ordinal)
        && (text.StartsWith("Kad:", StringComparison.OrdinalIgnoreCase) || text.StartsWith("Orleans:", StringComparison.OrdinalIgnoreCase));
}
