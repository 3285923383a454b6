using System.Collections;

namespace KadOrleans.Testing.Processes;

/// <summary>The built command as a process of its own.</summary>
public static class KadProcess
{
    public static ChildProcess Start(params string[] args) => ChildProcess.Start("kad", Environment.CurrentDirectory, args);

    /// <summary>The same with some variables beside those of the test.</summary>
    public static ChildProcess Start(IReadOnlyDictionary<string, string> variables, params string[] args)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(v => (string)v.Key, v => (string?)v.Value ?? string.Empty);
        foreach (var (name, value) in variables)
        {
            environment[name] = value;
        }

        return ChildProcess.Start("kad", Environment.CurrentDirectory, environment, args);
    }
}
