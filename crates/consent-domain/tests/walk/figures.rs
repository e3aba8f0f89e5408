//! How much was said and compared.

#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub said: u64,
    pub refused: u64,
    pub ended_by_itself: u64,
    pub compared: u64,
    pub lives: u64,
    pub destroyed: u64,
    /// How often somebody's purpose was found open, kept, held, and without anything.
    pub found: [u64; 4],
}

impl Figures {
    pub fn with(self, other: Self) -> Self {
        Self {
            said: self.said + other.said,
            refused: self.refused + other.refused,
            ended_by_itself: self.ended_by_itself + other.ended_by_itself,
            compared: self.compared + other.compared,
            lives: self.lives + other.lives,
            destroyed: self.destroyed + other.destroyed,
            found: std::array::from_fn(|at| self.found[at] + other.found[at]),
        }
    }
}
