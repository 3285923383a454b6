namespace KadOrleans.Simulation.Experiments;

/// <summary>How far a simulation is.</summary>
/// <param name="Phase">What it does now, such as "joined" or "lookups".</param>
/// <param name="Done">How many of them are done.</param>
/// <param name="Total">How many there will be.</param>
/// <param name="Simulated">Virtual time so far.</param>
/// <param name="Requests">Requests simulated so far.</param>
public readonly record struct SimulationProgress(string Phase, long Done, long Total, TimeSpan Simulated, long Requests);
