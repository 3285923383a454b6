namespace KadOrleans.Cli;

public static class CommonOptions
{
    public const string DefaultData = "kad-data";

    public const string JsonName = "--json";

    public static Option<string?> Text(string name, string shape, string description) =>
        new(name) { Description = description, HelpName = shape };

    public static Option<string[]> Repeatable(string name, string shape, string description) =>
        new(name) { Description = description, HelpName = shape, Arity = ArgumentArity.OneOrMore };

    public static Option<bool> Json() => new(JsonName) { Description = "Print the result, or the error, as one JSON object on one line." };

    public static Option<string?> Digest() => CommonOptions.Text(
        "--digest", "HEX", "The key's 160-bit id in place of KEY: 40 hexadecimal digits.");

    public static Option<bool> Raw() => new("--raw")
    {
        Description = "Print bytes as they are, not in hexadecimal, and text unchanged on a terminal too.",
    };

    /// <summary>Refuses a JSON object and a file that would both be on the standard output.</summary>
    public static void CheckOutput(bool json, string? path, string name)
    {
        if (json && path == StateFile.Standard)
        {
            throw CommandException.WrongUsage($"Both --json and {name} write to the standard output; one of them is allowed.");
        }
    }

    public static Option<string> Data() => new("--data")
    {
        Description = "The folder of the node's database.",
        HelpName = "DIR",
        DefaultValueFactory = _ => DefaultData,
    };
}
