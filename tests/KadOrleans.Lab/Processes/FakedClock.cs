namespace KadOrleans.Lab;

/// <summary>The system's clock of processes that it is given to, which a test sets while they run. Measured time and timers stay as they are.</summary>
public sealed class FakedClock
{
    private readonly string _file;

    public FakedClock(string folder)
    {
        _file = Path.Combine(folder, $"clock-{Guid.NewGuid():N}");
        Set(TimeSpan.Zero);
    }

    /// <summary>For the environment of a process.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = Machine.FakeTime!,
        ["FAKETIME_TIMESTAMP_FILE"] = _file,
        ["FAKETIME_NO_CACHE"] = "1",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        ["DONT_FAKE_MONOTONIC"] = "1",
    };

    /// <summary>Sets it ahead of the true time, or back. In one step, as each reading of the clock reads the file.</summary>
    public void Set(TimeSpan ahead)
    {
        File.WriteAllText(_file + ".new", string.Create(CultureInfo.InvariantCulture, $"{ahead.TotalSeconds:+0;-0;+0}s\n"));
        File.Move(_file + ".new", _file, overwrite: true);
    }
}
