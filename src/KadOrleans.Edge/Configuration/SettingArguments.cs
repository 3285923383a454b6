namespace KadOrleans.Edge.Configuration;

/// <summary>Settings as arguments: <c>NAME=VALUE</c>, <c>--NAME=VALUE</c> or <c>--NAME VALUE</c>.</summary>
internal static class SettingArguments
{
    /// <summary>Refuses what is none: the reader of settings passes over it.</summary>
    /// <exception cref="ConfigurationException">An argument is no setting.</exception>
    public static void Check(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            var isName = args[i].StartsWith("--", StringComparison.Ordinal) && i + 1 < args.Count;
            if (args[i].Contains('=', StringComparison.Ordinal))
            {
                continue;
            }

            if (!isName)
            {
                throw new ConfigurationException(
                    $"'{args[i]}' is no setting; NAME=VALUE is needed, such as Kad:Storage=AdoNet. --help tells the commands.");
            }

            i++;
        }
    }
}
